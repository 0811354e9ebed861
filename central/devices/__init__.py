"""The file of each camera and box: what it is, by which decision it is used, when it was inspected."""
