"""The box at the junction: camera -> signal + detector -> tracks -> rules -> plate -> packet -> outbox -> MQTT."""
