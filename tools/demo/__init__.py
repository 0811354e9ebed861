"""The whole system on one machine: broker, centre and one box on a clip."""
