"""Boxes of one picture after the other become tracks."""
