"""The commands of iqrf-trio, one module each."""
