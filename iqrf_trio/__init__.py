"""The Trio daemon: edges, services, activities, handlers and entry."""

__version__ = "0.1.0"
