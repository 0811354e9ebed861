"""What a signal head shows, picture by picture and over time."""
