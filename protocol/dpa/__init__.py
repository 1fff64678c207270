"""DPA: packets, commands, the transaction machine, its timing, and FRC."""
