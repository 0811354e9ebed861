"""Papers as the circulars prescribe them."""
