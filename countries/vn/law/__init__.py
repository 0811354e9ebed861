"""The law as dated data: one YAML file a decree, each figure with unit and reference, and what reads them."""
