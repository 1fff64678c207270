"""Values of the history as text that other programs read: CSV, and InfluxDB's line protocol."""

from collections.abc import Iterable, Mapping

from attrs import frozen

CSV_TYPE = "text/csv; charset=utf-8"
LINES_TYPE = "text/plain; charset=utf-8"

CSV_HEAD = "time,mid,sensor,type,name,unit,value\n"


@frozen
class Column:
    """What the values of one series are called in the export."""

    mid: int
    sensor: int
    type: int
    name: str
    unit: str | None


Rows = Iterable[tuple[int, int, float]]
"""Unix seconds, number of the series, value."""


def csv(rows: Rows, columns: Mapping[int, Column]) -> str:
    """Lines of CSV (RFC 4180) without the head."""
    return "".join(
        f"{at},{here.mid:08x},{here.sensor},{here.type},{_csv_text(here.name)},"
        f"{_csv_text(here.unit or '')},{value:.10g}\n"
        for at, series, value in rows
        if (here := columns.get(series)) is not None
    )


def lines(rows: Rows, columns: Mapping[int, Column]) -> str:
    """InfluxDB's line protocol, times in seconds: write with precision=s."""
    return "".join(
        f"iqrf,mid={here.mid:08x},sensor={here.sensor},name={_tag(here.name)} "
        f"value={value:.10g} {at}\n"
        for at, series, value in rows
        if (here := columns.get(series)) is not None
    )


def _csv_text(text: str) -> str:
    """A field; one that a spreadsheet would take for a formula is marked as text."""
    if text[:1] in {"=", "+", "-", "@"}:
        text = f"'{text}"
    if any(each in text for each in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _tag(text: str) -> str:
    """A tag's value: spaces, commas and equal signs are escaped, and it may not be empty."""
    for each in ("\\", " ", ",", "="):
        text = text.replace(each, f"\\{each}")
    return text.replace("\n", "\\ ") or "unnamed"
