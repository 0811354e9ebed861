"""Trying what a box needs, one by one, and saying what is wrong with it in a line with its remedy."""
