"""MQTT: the link to the broker, the JSON API over it, and topics for people and dashboards."""
