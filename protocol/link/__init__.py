"""Bytes between the host and the module: SPI, HDLC, CDC, segments of TCP, TR info."""
