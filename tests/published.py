"""Validates what the gateway answers in tests with published schemas.

    python -m tests.published PATH [TESTS...]

PATH is a folder of the IQRF Gateway Daemon's JSON Schemas (`<mType>-response-1-0-0.json`). TESTS
are those of the network services where none are named. Answers with members of this gateway's own,
which are sent to those who ask for them (`progress`, `dryRun`), are left out; of messages of the
same shape three are looked at. The exit code is 1 where an answer violates its schema.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import define, field
from jsonschema import Draft7Validator

from iqrf_trio.handlers import exchange
from tests.recording import after, is_new

TESTS = ("tests/iqrf_trio/services/network", "-m", "not slow", "-q", "-p", "no:cacheprovider")


OWN = ("suspectedNodes", "prebondedNodesNr", "otherHwpId", "differences")
"""Members of `rsp` that are sent to those alone who ask for them."""


@define(eq=False)
class Published:
    """Published schemas, and what was found by them."""

    folder: Path
    validated: Counter[str] = field(factory=Counter)
    unknown: Counter[str] = field(factory=Counter)
    violations: dict[str, list[str]] = field(factory=lambda: defaultdict(list))
    _validators: dict[str, Draft7Validator | None] = field(factory=dict)

    def look(self, text: str) -> None:
        """Validate one answer."""
        message = orjson.loads(text)
        mtype = message.get("mType", "")
        told = text.partition('"raw"')[0]
        data = message.get("data", {})
        own = "progress" in data or any(f'"{member}"' in told for member in OWN)
        if own or not is_new({"mType": f"published {mtype}", "data": data}):
            return
        validator = self._validator(mtype)
        if validator is None:
            self.unknown[mtype] += 1
            return
        self.validated[mtype] += 1
        for error in validator.iter_errors(message):
            place = ".".join(map(str, error.absolute_path))
            self.violations[mtype].append(f"{place}: {error.message[:200]}")

    def _validator(self, mtype: str) -> Draft7Validator | None:
        if mtype not in self._validators:
            file = self.folder / f"{mtype}-response-1-0-0.json"
            schema: Any = json.loads(file.read_text("utf-8")) if file.is_file() else None
            self._validators[mtype] = schema and Draft7Validator(schema)
        return self._validators[mtype]

    def report(self) -> str:
        """What was validated, and each violation once."""
        lines = [f"{count:5} {mtype}" for mtype, count in sorted(self.validated.items())]
        lines.append(f"{self.validated.total():5} answers validated")
        for mtype, found in sorted(self.violations.items()):
            lines += [f"{mtype}: {what} ({times})" for what, times in Counter(found).items()]
        return "\n".join(lines)


def main() -> int:
    """See above."""
    if len(sys.argv) < 2:
        print(__doc__)
        return 2
    published = Published(Path(sys.argv[1]))
    after(exchange, "dump", published.look)
    failed = pytest.main(sys.argv[2:] or list(TESTS))
    print(published.report())
    return 1 if failed or published.violations else 0


if __name__ == "__main__":
    sys.exit(main())
