"""MQTT from outside: a gateway in this process, a broker, and clients of it."""
