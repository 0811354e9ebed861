"""The command line `giaolo`, and the commands that need no part of the system running."""
