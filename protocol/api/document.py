"""One JSON text becomes a value, or a NotJsonError that says where it is none."""

import orjson

from protocol.api.errors import NotJsonError

_BOM = "\ufeff"


def read(text: str | bytes) -> object:
    """The value of one complete JSON text; a byte order mark in front of it is passed over.

    Of a repeated key the last one counts. Raises NotJsonError with the offset in bytes.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise NotJsonError("not valid UTF-8", error.start) from None
    body = text.removeprefix(_BOM)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # The parser counts characters, and knows nothing of the mark.
        before = text[: len(text) - len(body) + error.pos]
        raise NotJsonError(error.msg, len(before.encode(errors="surrogatepass"))) from None
