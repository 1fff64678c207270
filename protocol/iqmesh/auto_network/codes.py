"""What AutoNetwork says of a wave: what it is doing, and why it ends. Clients know the numbers."""

from enum import Enum


class WaveCode(Enum):
    """The number of a state or of an end, and its text."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text

    FINISHED = (0, "Wave finished.")
    FIRST_DISCOVERY = (1, "Running discovery before start.")
    PREBONDING = (2, "SmartConnect.")
    SEARCHING = (3, "Reading prebonded alive nodes.")
    READING_DPA = (4, "Reading DPA version of prebonded alive nodes.")
    READING_MIDS = (5, "Reading MIDs of prebonded alive nodes.")
    READING_HWPIDS = (6, "Reading HWPIDs of prebonded alive nodes.")
    AUTHORIZING = (8, "Authorizing nodes.")
    PINGING = (9, "Pinging nodes.")
    REMOVING = (10, "Removing nodes that did not respond.")
    DISCOVERING = (11, "Running discovery.")
    WAVES = (12, "Maximum number of waves reached.")
    TOTAL_NODES = (13, "Number of total nodes reached.")
    EMPTY_WAVES = (14, "Maximum number of consecutive empty waves reached.")
    NEW_NODES = (15, "Number of new nodes reached.")
    TOO_MANY = (16, "Too many nodes found.")
    FULL = (17, "All addresses of the network are used.")
    SPACE_USED = (18, "All addresses of the address space are used.")
    ALL_WISHED = (19, "All nodes of the MID list are bonded.")
    NO_FREE_ADDRESS = (-3, "There is no free address in the address space.")
    DOUBLE_MIDS = (-4, "A MID stands twice in the coordinator.")
    WISHED_BONDED = (-5, "All nodes of the MID list are bonded already.")
    NEW_NOT_IN_LIST = (-6, "The MID list has too few nodes for the number of new nodes.")
    TOTAL_NOT_IN_LIST = (-7, "The MID list has too few nodes for the number of total nodes.")
    NEW_NO_ADDRESSES = (-8, "There are too few free addresses for the number of new nodes.")
    TOTAL_NO_ADDRESSES = (-9, "There are too few free addresses for the number of total nodes.")
    NETWORK_FULL = (-10, "All addresses of the network are used already.")
