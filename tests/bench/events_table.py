"""Write the table of events: a million through a Kafka broker, and what one event and a batch cost."""

import os
from collections.abc import Mapping
from typing import Any

from recsite.local import kafka, servers
from tests.bench import report, sending
from tests.bench.processes import STATE, part

GORSE = "Not compared with Gorse: GORSE_URL names no server."


def events() -> str:
    """Through a Kafka broker of the same machine, whose start is not measured, and directly."""
    lines = _lines("PostgreSQL (direct)", part("sending", KAFKA_BOOTSTRAP_SERVERS=""))
    missing, through_kafka = kafka.missing(), ""
    if not missing:
        with servers.ensure(STATE / "broker", kinds=(kafka.Kafka,)):
            through_kafka = _through_kafka(part("events"))
            lines += _lines("Kafka", part("sending"))
    if os.environ.get("GORSE_URL"):
        lines += _lines("Gorse", part("sending", "gorse"))
    notes = [note for note in (missing, "" if os.environ.get("GORSE_URL") else GORSE) if note]
    return "\n\n".join([through_kafka, _sending(lines), *notes]).strip()


def _through_kafka(found: Mapping[str, Any]) -> str:
    copied = part("copying")
    bare, together = copied["rows"] / copied["seconds"], found["together_per_second"]
    lines = [
        ["produced in batches of 5,000", f"{found['produced_per_second']:,.0f}"],
        ["read from the topics and stored, by one consumer", f"{found['alone_per_second']:,.0f}"],
        ["the same by two", f"{together:,.0f}"],
        ["bare `COPY` of stored rows into the same table", f"{bare:,.0f}"],
    ]
    return (
        f"{report.table(['', 'events/s'], lines)}\n\n{found['events']:,} events, produced beforehand; "
        f"{found['stored']:,} stored, {found['dead']:,} dead letters. Two run at {together / bare:.2f} of the "
        "bare COPY: they decode, check, resolve, meet people and tell Redis as well. The consumer that ran alone took "
        f"{found['peak_mb']:,.0f} MB at the most."
    )


def _sending(lines: list[list[str]]) -> str:
    headings = ["durable in", "events/s", "p50", "p95", "CPU per event", "of which"]
    return (
        f"{report.table(headings, lines)}\n\nTwo gunicorn workers, an API key with each request, "
        f"{sending.MONTHS} months of partitions, {sending.STORED:,} events there before; medians of {sending.ROUNDS} "
        f"rounds of {sending.SECONDS:g} seconds. Client and servers share the machine: where others use it too, "
        "compare the CPU, which is that of all processes of the servers named."
    )


def _lines(name: str, found: Mapping[str, Any]) -> list[list[str]]:
    return [
        [f"{name}, {_asked(size, connections)}", *_cells(found[f"{size}x{connections}"])]
        for size, connections in sending.SIZES
    ]


def _asked(size: int, connections: int) -> str:
    how = "one connection" if connections == 1 else f"{connections} connections"
    return f"{'one event' if size == 1 else f'{size:,} events'} at a time, {how}"


def _cells(figures: Mapping[str, float]) -> list[str]:
    used = {name.removesuffix(" ms"): value for name, value in figures.items() if name.endswith(" ms")}
    return [
        f"{figures['per_second']:,.0f}",
        f"{figures['p50_ms']:.1f} ms",
        f"{figures['p95_ms']:.1f} ms",
        f"{sum(used.values()):.3f} ms",
        ", ".join(f"{name} {value:.3f}" for name, value in used.items()),
    ]
