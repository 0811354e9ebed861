"""A simulated run drawn as video."""
