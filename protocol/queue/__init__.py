"""Which request is next on the radio: lanes, priorities, tallies."""
