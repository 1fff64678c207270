"""What other programs are told of the gateway: metrics, health, HTTP, MQTT, Home Assistant."""
