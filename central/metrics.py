"""Counters of the centre (Prometheus). Each way to be refused has its own label value."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("giaolo_centre_messages", "MQTT messages taken, by kind", ["kind"])
REFUSED = Counter("giaolo_centre_refused", "MQTT messages and packets refused, by reason", ["reason"])
PACKETS = Counter("giaolo_centre_packets", "Packets answered with a receipt, by status", ["status"])
COMMIT_S = Histogram("giaolo_centre_commit_seconds", "From the last chunk to the committed packet")
BROKER = Gauge("giaolo_centre_broker_connected", "1 while connected to the broker")
CONNECTIONS_CUT = Counter("giaolo_web_connections_cut", "Connections of the web cut off, by what was too much", ["why"])
