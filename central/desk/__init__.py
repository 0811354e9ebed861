"""What an officer sees and does, as values: lists, one case, decisions."""
