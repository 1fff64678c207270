"""The peripherals of simulated modules, one module each."""
