"""The commands of the embedded peripherals, one module each: requests and values of responses."""
