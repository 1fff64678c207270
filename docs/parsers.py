"""The commands as their parsers know them, as plain values for pages and completion."""

import argparse
from collections.abc import Iterator, Sequence
from importlib import import_module

from attrs import frozen

from iqrf_trio.cli import COMMANDS
from iqrf_trio.cli.support import token_options


@frozen
class Word:
    """An option with its spellings, or (without spellings) what stands at a place of its own.

    `value` is how its value is called, empty for a switch.
    """

    spellings: tuple[str, ...]
    value: str
    about: str
    choices: tuple[str, ...] = ()
    needed: bool = False
    several: bool = False


@frozen
class Command:
    """A command or an action of one; `name` has the words that call it, as in "task add"."""

    name: str
    about: str
    description: str
    words: tuple[Word, ...]
    actions: tuple["Command", ...] = ()

    @property
    def places(self) -> tuple[Word, ...]:
        """What it takes by its place."""
        return tuple(word for word in self.words if not word.spellings)

    @property
    def options(self) -> tuple[Word, ...]:
        """What it takes by its name."""
        return tuple(word for word in self.words if word.spellings)

    @property
    def synopsis(self) -> str:
        """How it is typed."""
        words = ["iqrf-trio", self.name]
        if self.actions:
            words.append("ACTION")
        for place in self.places:
            name = f"{place.value} ..." if place.several else place.value
            words.append(name if place.needed else f"[{name}]")
        words += [f"{word.spellings[-1]} {word.value}" for word in self.options if word.needed]
        return " ".join([*words, "[OPTIONS]"])


def commands() -> Sequence[Command]:
    """All of them, in the order of the program's help."""
    return [_tokens() if name == "token" else _command(name) for name in COMMANDS]


def _command(name: str) -> Command:
    module = import_module(f"iqrf_trio.cli.{name.replace('-', '_')}")
    parser = argparse.ArgumentParser(prog=f"iqrf-trio {name}", conflict_handler="resolve")
    module.configure(parser)
    return _parsed(name, COMMANDS[name], module.HELP, parser)


def _parsed(name: str, about: str, description: str, parser: argparse.ArgumentParser) -> Command:
    known = parser._actions  # noqa: SLF001 - argparse tells them only as text
    actions = [
        _parsed(f"{name} {action.dest}", str(action.help), "", group.choices[action.dest])
        for group in known
        if isinstance(group, argparse._SubParsersAction)  # noqa: SLF001 - has no other name
        for action in group._choices_actions  # noqa: SLF001 - as above
    ]
    return Command(name, about, " ".join(description.split()), tuple(_words(known)), tuple(actions))


def _words(known: Sequence[argparse.Action]) -> Iterator[Word]:
    for action in known:
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - has no other name
            continue
        choices = tuple(map(str, action.choices or ()))
        name = str(action.metavar or "|".join(choices) or action.dest.upper())
        yield Word(
            tuple(action.option_strings),
            "" if action.nargs == 0 else name,
            (action.help or "") % vars(action),
            choices,
            action.required and action.nargs != "*",
            action.nargs in {"*", "+"},
        )


def _tokens() -> Command:
    actions = tuple(
        Command(
            f"token {name}",
            command.help,
            "",
            tuple(_token_word(option, option in command.required) for option in command.options),
        )
        for name, command in token_options.COMMANDS.items()
    )
    about = COMMANDS["token"]
    description = (
        "The same as iqrfgd2-tokenctl. It ends with 1 when it did not work, 2 for an unknown "
        "command, 3 when there is no such token, 4 when it has expired, 5 when it is revoked."
    )
    return Command("token", about, description, (_token_word(token_options.HELP, False),), actions)


def _token_word(option: token_options.Option, needed: bool) -> Word:
    if not option.flags[0].startswith("-"):
        return Word((), option.name, option.help, needed=True)
    switch = {"help", "json", "service"}
    value = "" if option.name in switch else option.metavar or option.name.upper()
    return Word(option.flags, value, option.help, needed=needed)
