"""Stills, clips and what is drawn over them, for screen and paper alike."""
