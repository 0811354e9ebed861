"""How fast the parts are; figures beside their limits."""
