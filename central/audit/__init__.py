"""Is everything that was stored still what was stored, and every record the one that was signed?"""
