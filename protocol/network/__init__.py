"""The network as a value, and what enumeration asks and concludes."""
