"""The AsyncAPI 3 document: every message with the schema of its class, and what answers what."""

import json
from typing import Any

from docs.api_reference import Recording
from iqrf_trio import __version__
from protocol.api import schemas
from protocol.api.errors import MESSAGE_ERROR
from protocol.api.registry import REGISTRY, UNASKED

_CHANNEL = "#/channels/gateway"
_MONITOR = "#/channels/monitor"
_CORRELATION = "#/components/correlationIds/msgId"
_FRAME = "ntfDaemon_Monitor"

_AUTH_SUMMARIES = {
    "auth": "The first message of a client; nothing else is answered before it.",
    "auth_success": "The token is good.",
    "auth_error": "The token is not good, or not any more; the connection is closed with 1008.",
}


def answer_name(mtype: str) -> str:
    """What the answer to a request is called in the document."""
    return f"{mtype}.answer"


def document(recording: Recording) -> str:
    """The whole document as JSON, with the recorded messages for examples."""
    messages = _messages(recording)
    made = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "iqrf-trio",
            "version": __version__,
            "description": "An IQRF gateway: JSON over WebSocket, a message per frame.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "gateway": {
                "host": "127.0.0.1:1338",
                "protocol": "ws",
                "security": [{"$ref": "#/components/securitySchemes/token"}],
            },
            "monitor": {
                "host": "127.0.0.1:1438",
                "protocol": "ws",
                "description": "only where `[monitor] port` says so; without authentication",
            },
        },
        "channels": {
            "gateway": {
                "address": "/",
                "servers": [{"$ref": "#/servers/gateway"}],
                "messages": _references("#/components/messages", messages),
            },
            "monitor": {
                "address": "/",
                "servers": [{"$ref": "#/servers/monitor"}],
                "messages": _references("#/components/messages", [_FRAME]),
            },
        },
        "operations": _operations(),
        "components": {
            "messages": messages,
            "correlationIds": {
                "msgId": {
                    "description": "The answers to a request bear its `msgId`.",
                    "location": "$message.payload#/data/msgId",
                }
            },
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "password",
                    "description": "A token of `iqrf-trio token create`, sent in the first message "
                    "(`auth`). Its scope says which requests are carried out.",
                }
            },
        },
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _messages(recording: Recording) -> dict[str, Any]:
    messages: dict[str, Any] = {
        name: {"name": name, "summary": _AUTH_SUMMARIES[name], "payload": payload}
        for name, payload in schemas.authentication().items()
    }
    for recorded in sorted(recording.asked, key=lambda recorded: recorded.mtype):
        row = REGISTRY[recorded.mtype]
        messages[row.mtype] = {
            "name": row.mtype,
            "summary": row.about,
            "correlationId": {"$ref": _CORRELATION},
            "payload": schemas.request(row),
            "examples": [{"payload": recorded.request}],
        }
        messages[answer_name(row.mtype)] = {
            "name": row.mtype,
            "summary": f"The answer to {row.mtype}, good or not.",
            "correlationId": {"$ref": _CORRELATION},
            "payload": schemas.answer(row),
        }
    for each in UNASKED.values():
        messages[each.mtype] = {
            "name": each.mtype,
            "summary": each.about,
            "payload": schemas.unasked(each),
        }
    messages[MESSAGE_ERROR] = {
        "name": MESSAGE_ERROR,
        "summary": "The answer to what is no request that can be carried out.",
        "correlationId": {"$ref": _CORRELATION},
        "payload": schemas.message_error(),
    }
    return messages


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {
        "authenticate": {
            "action": "receive",
            "summary": "Begin a session.",
            "channel": {"$ref": _CHANNEL},
            "messages": _list(_CHANNEL, ["auth"]),
            "reply": _reply("auth_success", "auth_error"),
        }
    }
    for mtype in sorted(REGISTRY):
        operations[mtype] = {
            "action": "receive",
            "channel": {"$ref": _CHANNEL},
            "messages": _list(_CHANNEL, [mtype]),
            "reply": _reply(answer_name(mtype), MESSAGE_ERROR),
        }
    operations["tell"] = {
        "action": "send",
        "summary": "What comes unasked: reports, the monitor, frames of devices, enumerations.",
        "channel": {"$ref": _CHANNEL},
        "messages": _list(
            _CHANNEL, [*UNASKED, answer_name("iqrfRaw"), answer_name("iqrfDb_Enumerate")]
        ),
    }
    operations["monitor"] = {
        "action": "send",
        "summary": "The same to whoever connects to the port of the monitor.",
        "channel": {"$ref": _MONITOR},
        "messages": _list(_MONITOR, [_FRAME]),
    }
    return operations


def _reply(*names: str) -> dict[str, Any]:
    return {"channel": {"$ref": _CHANNEL}, "messages": _list(_CHANNEL, names)}


def _list(channel: str, names: Any) -> list[dict[str, str]]:
    return [{"$ref": f"{channel}/messages/{name}"} for name in names]


def _references(place: str, names: Any) -> dict[str, Any]:
    return {name: {"$ref": f"{place}/{name}"} for name in names}
