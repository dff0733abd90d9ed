"""The section on what charts, tiles and alerts cost."""

from os import getloadavg
from typing import Any

from tests.bench.processes import part
from tests.bench.report import table

SPANS = ("1h", "24h", "7d", "28d")


def series() -> str:
    found = part("series")
    costs = table(
        ["what", "time"],
        [
            ["noting a request for a list", f"{found['request_ns']:,.0f} ns"],
            ["noting a request for a page of the shop", f"{found['page_ns']:,.0f} ns"],
            ["noting an answer", f"{found['answer_ns']:,.0f} ns"],
            ["storing five seconds of 1,000 requests a second, each with a list", _told(found["store_ms"])],
            ["a look at all alerts", _told(found["alerts_ms"])],
        ],
    )
    names = [(kind, by) for kind, label in (("requests", "door"), ("answers", "placement")) for by in (None, label)]
    reads = table(
        ["reading, with the period before", *SPANS],
        [[f"{kind} by {by}" if by else kind, *(_read(found, kind, span, by) for span in SPANS)] for kind, by in names],
    )
    rows = f"{found['rows']:,} rows: 56 days of five doors, and of twenty pairs of placement and algorithm."
    how = f"Medians of twenty, in brackets the least; the load average was {getloadavg()[0]:.0f}."
    return f"{rows} {how}\n\n{costs}\n\n{reads}"


def _read(found: dict[str, Any], kind: str, span: str, by: str | None) -> str:
    return _told(found[f"{kind} {span}" + (f" by {by}" if by else "")])


def _told(milliseconds: list[float]) -> str:
    return "{:.1f} ms ({:.1f})".format(*milliseconds)
