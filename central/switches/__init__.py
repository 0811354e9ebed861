"""Timed switches: when an officer directed the traffic, when a signal was out of order; which cases that concerns."""
