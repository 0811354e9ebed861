"""Which plate a track carries: the best views, the readings of them, the vote."""
