"""The life of a case: states, what may be done, the record of what was done."""
