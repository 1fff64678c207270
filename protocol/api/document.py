"""One JSON text becomes a value, or a NotJsonError that says where it is none."""

import re

import orjson

from protocol.api import exact_json
from protocol.api.errors import NotJsonError
from protocol.api.exact_json import Document

_BOM = "\ufeff"

_LONG_DIGITS = re.compile("[1-9][0-9]{18}")
"""What texts with a long integer have in them; looked for first, as it is found out sooner."""

_LONG_INTEGER = re.compile(r"(?:^|[:,\[])[ \t\r\n]*+-?[1-9][0-9]{18}")
"""Where an integer may stand that the fast reader turns into a floating-point number."""


def read(text: str | bytes, *, exact: bool = True) -> Document:
    """The value of one complete JSON text; a byte order mark in front of it is passed over.

    Of a repeated key the last one counts. Without `exact`, which costs a hundred times as much
    for some texts, JSON that cannot be represented is no JSON. Raises NotJsonError with the
    offset in bytes.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise NotJsonError("not valid UTF-8", error.start) from None
    body = text.removeprefix(_BOM)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if exact and (found := exact_json.read(body)):
            return found
        # The parser counts characters, and knows nothing of the mark.
        before = text[: len(text) - len(body) + error.pos]
        raise NotJsonError(error.msg, len(before.encode(errors="surrogatepass"))) from None
    if not exact or _LONG_DIGITS.search(body) is None:
        return Document(value)
    if _LONG_INTEGER.search(body) and (found := exact_json.read(body)):
        return found
    return Document(value)
