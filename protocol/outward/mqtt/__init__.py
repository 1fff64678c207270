"""What the gateway says and hears over MQTT: topics, payloads, and what waits to be sent."""
