"""How a signal controller's word comes to the box: MQTT, HTTP, NTCIP 1202; each puts statements into one feed."""
