"""Is the camera still what the scene describes? Checks that say when a picture cannot carry an accusation."""
