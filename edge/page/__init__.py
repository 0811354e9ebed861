"""The box's own page: what it sees and how it is, for a technician beside it. It shows, and changes nothing."""
