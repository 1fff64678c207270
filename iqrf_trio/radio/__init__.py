"""The way to the coordinator: the queue for the radio, the transceiver and its links."""
