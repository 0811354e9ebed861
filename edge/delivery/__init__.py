"""From an act to a receipt: recorder, outbox, transfer, uplink."""
