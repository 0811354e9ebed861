"""What an owner sees of a case: look-up and pictures."""
