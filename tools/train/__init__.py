"""Training and measuring of the weights under models/weights; needs the ``train`` extra and the shared data."""
