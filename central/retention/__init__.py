"""Keeping and deleting: what is due by the country's rules (pure), the one door through which it goes, its records."""
