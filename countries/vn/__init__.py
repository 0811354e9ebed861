"""Vietnam: plates, law, deadlines, calendar, forms."""
