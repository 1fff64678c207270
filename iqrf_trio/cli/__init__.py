"""The commands: one module each, imported only when it is used, so that the others cost nothing.

A command's module has HELP (what it does), `configure(parser)` (its words) and
`run(arguments) -> int` (its exit code).
"""

from collections.abc import Iterator, Mapping

COMMANDS: Mapping[str, str] = {
    "run": "run the gateway",
    "call": "send one request to a gateway and print its answers",
    "watch": "print what a gateway reports: sensor values and asynchronous messages",
    "network": "let nodes in and out of the network, see who answers, set devices",
    "switch": "switch a binary output of a node on or off",
    "light": "set the brightness of a light",
    "token": "make, list and revoke the API tokens that clients authenticate with",
    "task": "list, add and remove what a gateway does on a schedule",
    "import-incumbent": "take over the configuration and the databases of an old gateway",
    "db": "take the devices of an old gateway over",
    "products": "make a product catalogue of an old gateway's repository cache",
    "history": "show, export and forget the values that a gateway has kept",
    "tls": "make a certificate of your own for a gateway",
    "decode": "print DPA frames, or a trace of them, in words",
    "backup": "make a snapshot of the gateway: coordinator, database, configuration",
    "restore": "give a gateway, or its new coordinator, what a snapshot holds",
    "vault": "list, check and show the snapshots that are kept",
    "simulate": "run a simulated mesh that any gateway can connect to",
    "demo": "show the whole gateway at work on a simulated mesh",
    "doctor": "look for what keeps the gateway from working, and say what mends it",
    "config": "print the effective configuration, or a commented default file",
}
"""Each command with a line about it; its module has the same name, with _ for -."""

FAILED, USAGE = 1, 2
"""Exit codes: of what did not work out, and of words or a configuration that make no sense."""


class Failure(Exception):  # noqa: N818 - it is how a command ends, not a bug
    """Why a command could not do what it was asked, and what to do about it; one line."""

    def __init__(self, cause: str, fix: str = "", *, exit_code: int = FAILED) -> None:
        super().__init__(f"{cause}; {fix}" if fix else cause)
        self.exit_code = exit_code


def causes(error: BaseException) -> Iterator[BaseException]:
    """The exceptions within the groups that nurseries make."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from causes(inner)
    else:
        yield error
