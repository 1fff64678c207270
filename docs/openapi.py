"""The OpenAPI document of the HTTP API, from the declarations of its routes."""

import json
import re
from typing import Any
from unittest.mock import MagicMock

from iqrf_trio.http.routes import Openness, Route
from iqrf_trio.wiring.http import routes_of

VERSION = "1.0.0"
"""Of the HTTP API; the messages that `call` takes are described in asyncapi.json."""

_PROBLEM = {
    "description": "What is wrong, in words (RFC 9457).",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        }
    },
}


def document() -> str:
    """The text of docs/openapi.json."""
    # The parts that answer declare the routes; nothing is asked here, so any parts will do.
    nothing: Any = MagicMock()
    paths: dict[str, dict[str, object]] = {}
    for route in routes_of(nothing, nothing, nothing):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    about = "Health, metrics and the API for scripts. `call` takes the messages of asyncapi.json."
    told = {
        "openapi": "3.1.0",
        "info": {"title": "iqrf-trio over HTTP", "version": VERSION, "description": about},
        "servers": [{"url": "http://127.0.0.1:1339"}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _operation(route: Route) -> dict[str, object]:
    operation: dict[str, object] = {"summary": route.about, "description": _who(route)}
    parameters = [_parameter(name, "path", "") for name in re.findall(r"{(\w+)}", route.path)]
    parameters += [_parameter(name, "query", text) for name, text in route.query.items()]
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        members = {name: {"description": text} for name, text in route.body.items()}
        schema = {"type": "object", "properties": members}
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    good: dict[str, object] = {"description": "What was asked for."}
    if route.status not in {101, 204}:
        good["content"] = {route.content.partition(";")[0]: {}}
    operation["responses"] = {str(route.status): good, "default": _PROBLEM}
    if route.rights is not Openness.ALL:
        optional: list[object] = [{}] if route.rights is Openness.LOCAL else []
        operation["security"] = [{"token": []}, *optional]
    return operation


def _who(route: Route) -> str:
    if isinstance(route.rights, Openness):
        return f"Open to {route.rights.value}."
    service = " and the service permission" if route.rights.service else ""
    return f"Takes a token with the scope {route.rights.scope.value}{service}."


def _parameter(name: str, place: str, text: str) -> dict[str, object]:
    about = {"description": text} if text else {}
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": {"type": "string"},
        **about,
    }
