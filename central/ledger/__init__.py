"""What the centre signs of its own record, and the check that it still holds."""
