"""A camera's small stream is looked at, its main stream proves (decision 50)."""
