"""Each module here touches one outside thing: a socket, a bus, a pin."""
