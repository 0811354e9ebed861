"""How good the parts are; figures beside peers and truth."""
