"""What `iqrf-trio call MTYPE --help` says of a message: all of it comes from the message's row."""

import json

from iqrf_trio.cli.support.tables import table
from protocol.api.family import Row
from protocol.api.words import MemberWords, members_in_words


def message_help(row: Row) -> str:
    """What the message does, its parameters, and how it is sent."""
    example = f" '{json.dumps(row.example)}'" if row.example else ""
    parts = [row.about, f"for example: iqrf-trio call {row.mtype}{example}"]
    if members := members_in_words(row.parameters) if row.parameters else ():
        parts.append(table(("JSON (* needed)", "type", "default", ""), map(_cells, members)))
    return "\n\n".join(parts)


def _cells(member: MemberWords) -> tuple[str, ...]:
    path = f"{member.path} *" if member.required else member.path
    return path, member.type, member.default, member.about
