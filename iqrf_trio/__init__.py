"""The Trio daemon: edges, services, activities, handlers and entry."""

__version__ = "0.2.0"
