"""A simulated mesh offered to other programs: over TCP, a pseudo terminal, SPI."""
