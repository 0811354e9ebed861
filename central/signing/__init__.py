"""Papers are signed (PAdES) by the account that signs: whose key, in which office, up to which fine."""
