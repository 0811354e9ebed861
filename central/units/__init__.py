"""Police units: the tree of them, which camera is whose, and what an account sees of it."""
