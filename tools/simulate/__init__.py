"""A junction of our own: traffic with known acts, seen through a camera that does not exist."""
