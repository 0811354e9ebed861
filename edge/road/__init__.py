"""Where a track is on the road: trajectory against the scene, hidden wheels, near faces."""
