"""The IQRF standards carried over DPA: sensor, binary output and light."""
