"""Reading what somebody else wrote, strictly: JSON of clients, TOML of users.

`shape` says how a class declares its members, `checks` what their values may be, `reader` reads any
such class; `json` and `toml` are the two formats, with the words that those who write them know.
"""
