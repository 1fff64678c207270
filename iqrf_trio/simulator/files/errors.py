"""What is wrong with the description of a mesh; apart from all that reads one."""


class NetworkFileError(Exception):
    """The description of a network cannot be used; the text says where and why."""
