"""API tokens and the authentication of a session."""
