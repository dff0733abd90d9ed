"""The section on what charts, tiles and alerts cost."""

from tests.bench.processes import part
from tests.bench.report import table

SPANS = ("1h", "24h", "7d", "28d")


def series() -> str:
    found = part("series")
    costs = table(
        ["what", "time"],
        [
            ["noting a request for a list", f"{found['request_ns']:,.0f} ns"],
            ["noting a request for a page of the shop, the last prefix that is tried", f"{found['page_ns']:,.0f} ns"],
            ["noting an answer", f"{found['answer_ns']:,.0f} ns"],
            ["storing five seconds of 1,000 requests a second, each with a list", f"{found['store_ms']:.1f} ms"],
            ["a look at all alerts", f"{found['alerts_ms']:.1f} ms"],
        ],
    )
    names = [(kind, by) for kind, label in (("requests", "door"), ("answers", "placement")) for by in (None, label)]
    reads = table(
        ["reading, with the period before", *SPANS],
        [[f"{kind} by {by}" if by else kind, *(_read(found, kind, span, by) for span in SPANS)] for kind, by in names],
    )
    rows = f"{found['rows']:,} rows: 56 days of five doors, and of twenty pairs of placement and algorithm."
    return f"{rows}\n\n{costs}\n\n{reads}"


def _read(found: dict[str, float], kind: str, span: str, by: str | None) -> str:
    return f"{found[f'{kind} {span}' + (f' by {by}' if by else '')]:.1f} ms"
