"""What each act truly is: one file a group, in metres and seconds alone."""
