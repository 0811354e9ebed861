"""What box and centre both need and no court does. Imports `evidence` alone."""
