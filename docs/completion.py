"""The completion for bash: what it knows is made of the parsers, the registry and the keys."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import fill

from docs.parsers import Command, Word, commands
from iqrf_trio.config import Config, explained
from protocol.api.registry import REGISTRY
from protocol.auth.rights import Scope
from protocol.link.boards import BOARDS

HEAD = """\
# Completion of iqrf-trio and iqrfgd2-tokenctl for bash. Written by make docs.
"""

FUNCTIONS = """\
# The boards behind --set port.spi.board=, whose "=" the shell takes for a word of its own.
_iqrf_trio_board() {
    local words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    [[ ${words[*]: -3} == *.board\\ =* || ${words[*]: -2} == *.board\\ = ]] || return 1
    COMPREPLY=($(compgen -W "$_iqrf_trio_boards" -- "${cur#=}"))
}

# The values of the option before the cursor.
_iqrf_trio_value() {
    local kind=$(_iqrf_trio_kind "$prev")
    case $kind in
        "") return 1 ;;
        @files) COMPREPLY=($(compgen -f -- "$cur")) ;;
        @directories) COMPREPLY=($(compgen -d -- "$cur")) ;;
        @keys)
            compopt -o nospace 2>/dev/null
            COMPREPLY=($(compgen -S = -W "$_iqrf_trio_keys" -- "$cur"))
            ;;
        *) COMPREPLY=($(compgen -W "$kind" -- "$cur")) ;;
    esac
}

# Proposes what may follow a command: $1 is its name, with its action where it has one.
_iqrf_trio_words() {
    local known=$(_iqrf_trio_known "$1") word
    COMPREPLY=()
    for word in $known; do
        case $word in
            @files) COMPREPLY+=($(compgen -f -- "$cur")) ;;
            @directories) COMPREPLY+=($(compgen -d -- "$cur")) ;;
            @messages)
                [[ $cur == -* || $prev != "${1##* }" ]] ||
                    COMPREPLY+=($(compgen -W "$_iqrf_trio_messages" -- "$cur"))
                ;;
            *) COMPREPLY+=($(compgen -W "$word" -- "$cur")) ;;
        esac
    done
}

# The command that was typed, with its action: the longest one that is known.
_iqrf_trio_complete() { # words before the cursor
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()
    _iqrf_trio_board && return
    _iqrf_trio_value && return
    local name="$1"
    [[ $# -lt 2 || -z $(_iqrf_trio_known "$1 $2") ]] || name="$1 $2"
    _iqrf_trio_words "$name"
}

_iqrf_trio() {
    _iqrf_trio_complete "${COMP_WORDS[@]:1:COMP_CWORD-1}"
}

_iqrfgd2_tokenctl() {
    _iqrf_trio_complete token "${COMP_WORDS[@]:1:COMP_CWORD-1}"
}

complete -F _iqrf_trio iqrf-trio
complete -F _iqrfgd2_tokenctl iqrfgd2-tokenctl
"""

KINDS = {
    "FILE": "@files",
    "F": "@files",
    "DIR": "@directories",
    "PATH": "@files",
    "FRAME|FILE": "@files",
    "MTYPE": "@messages",
    "KEY=VALUE": "@keys",
    "L": "debug info warning error",
    "SCOPE": " ".join(scope.value for scope in Scope),
}
"""What a value is, by how the parsers call it."""


def script() -> str:
    """The completion with the names of today."""
    known = commands()
    keys = [key for key, _, _ in explained(Config())]
    lists = (("messages", sorted(REGISTRY)), ("keys", keys), ("boards", list(BOARDS)))
    parts = [HEAD, *(f'_iqrf_trio_{what}="\n{_filled(names)}\n"\n' for what, names in lists)]
    top = [*(command.name for command in known), "--help", "--version"]
    proposed = {"": top, **{name: words for it in known for name, words in _proposed(it)}}
    about = "# What may follow a command, and its action.\n"
    parts.append(about + _function("known", {n: _filled(w) for n, w in proposed.items()}))
    values = dict(pair for command in known for pair in _values(command))
    parts.append("# What the value of an option is.\n" + _function("kind", values))
    return "\n".join([*parts, FUNCTIONS])


def _proposed(command: Command) -> Iterator[tuple[str, list[str]]]:
    words = [action.name.split()[-1] for action in command.actions]
    for place in command.places:
        words += place.choices or filter(None, [KINDS.get(place.value, "")])
    words += [spelling for it in command.options for spelling in it.spellings if len(spelling) > 2]
    yield command.name, [word for word in words if word != "@keys"]
    for action in command.actions:
        yield from _proposed(action)


def _values(command: Command) -> Iterator[tuple[str, str]]:
    for option in command.options:
        if kind := _kind(option):
            yield "|".join(option.spellings), kind
    for action in command.actions:
        yield from _values(action)


def _kind(option: Word) -> str:
    return " ".join(option.choices) or KINDS.get(option.value, "")


def _function(name: str, answers: Mapping[str, str]) -> str:
    lines = [
        f'        {_pattern(what)})\n            echo "{answer}"\n            ;;\n'
        for what, answer in answers.items()
    ]
    return f"_iqrf_trio_{name}() {{\n    case $1 in\n{''.join(lines)}    esac\n}}\n"


def _pattern(what: str) -> str:
    return what if what.startswith("-") else f'"{what}"'


def _filled(names: Iterable[str]) -> str:
    return fill(" ".join(names), 96, break_long_words=False, break_on_hyphens=False)
