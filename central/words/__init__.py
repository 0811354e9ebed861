"""What a person reads: texts in two languages, how numbers and times are written."""
