"""CommissionNetwork: the nodes of a list enter the network, each with its address and name."""
