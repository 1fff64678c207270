"""The sections of the configuration: their keys, defaults and comments, and what they may hold."""
