"""AutoNetwork: all nodes within reach enter the network, wave by wave."""
