"""The page of all commands, and their manual pages, made of their parsers."""

from collections.abc import Iterator, Mapping

from docs.parsers import Command, Word, commands

HEAD = """\
# Commands

Each tells the same with `--help`, and as a manual page: `man iqrf-trio-call`. Errors are one line
with the cause and the fix; the exit code is 0 when all went well, 2 for usage and configuration, 1
for failures at run time, if nothing else is said. `iqrf-trio call MTYPE --help` explains a message.

"""


def page() -> str:
    """All commands as Markdown."""
    known = commands()
    rows = [f"| [`{it.name}`](#{it.name}) | {it.about} |\n" for it in known]
    parts = [HEAD, "| command | what it does |\n|---|---|\n", *rows]
    for command in known:
        parts += ["\n", *_section(command)]
    return "".join(parts)


def _section(command: Command) -> Iterator[str]:
    level = "###" if " " in command.name else "##"
    yield f"{level} {command.name}\n\n{command.description or _sentence(command.about)}\n\n"
    if not command.actions:
        yield f"```\n{command.synopsis}\n```\n"
        words = [word for word in command.words if "--help" not in word.spellings]
        if words:
            yield "\n| | |\n|---|---|\n"
        yield from (f"| {_named(word)} | {_cell(word.about)} |\n" for word in words)
    for action in command.actions:
        yield "\n"
        yield from _section(action)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _named(word: Word) -> str:
    names = ", ".join(f"`{spelling}`" for spelling in word.spellings)
    value = word.value.replace("|", "\\|")
    return f"{names} `{value}`" if names and value else names or f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def manuals() -> Mapping[str, str]:
    """The manual page of each command by the name of its file."""
    return {
        f"iqrf-trio-{command.name}.1": "\n".join([*_manual(command), ""])
        for command in commands()
        if command.name != "token"  # has one that is older, iqrfgd2-tokenctl(1)
    }


def _manual(command: Command) -> Iterator[str]:
    yield f'.TH IQRF-TRIO-{command.name.upper()} 1 "" "iqrf-trio" "User commands"'
    yield ".SH NAME"
    yield f"iqrf\\-trio\\-{_roff(command.name)} \\- {_roff(command.about)}"
    yield ".SH SYNOPSIS"
    for each in command.actions or (command,):
        yield f".B {_roff(each.synopsis.removesuffix(' [OPTIONS]'))}"
        yield ".RI [ OPTIONS ]"
        yield ".br"
    yield ".SH DESCRIPTION"
    yield _roff(command.description)
    if not command.actions:
        yield ".SH OPTIONS"
        yield from _items(command)
    for action in command.actions:
        yield f".SS {_roff(action.name)}"
        yield _roff(_sentence(action.about))
        yield from _items(action)
    yield ".SH SEE ALSO"
    yield ".BR iqrf-trio (1)"


def _items(command: Command) -> Iterator[str]:
    for word in command.words:
        yield ".TP"
        names = ", ".join(word.spellings)
        yield f".B {_roff(' '.join(filter(None, (names, word.value))))}"
        yield _roff(word.about)


def _roff(text: str) -> str:
    text = text.replace("\\", "\\\\").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
