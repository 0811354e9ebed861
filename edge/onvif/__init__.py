"""ONVIF: finding cameras in the network and asking them, within limits, what they are and what they send."""
