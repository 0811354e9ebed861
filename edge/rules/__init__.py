"""The acts, one file each, ending in its `RULE`: a pure function that says why in numbers, and its margins."""
