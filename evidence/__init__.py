"""The contract that both ends share: packet, seal, chain, receipt, wire format, plate grammar and the list of acts.

Imports none of the other packages of the project, so that a court can check a packet with this folder alone.
"""
