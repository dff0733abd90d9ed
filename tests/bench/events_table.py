"""Write the table of events: a million through a Kafka broker, and single posts."""

from recsite.local import kafka, servers
from tests.bench import report
from tests.bench.processes import STATE, part


def events() -> str:
    """Through a Kafka broker of the same machine, whose start is not measured."""
    if reason := kafka.missing():
        return f"Not measured. {reason}"
    with servers.ensure(STATE / "broker", kinds=(kafka.Kafka,)):
        found = part("events")
        direct = part("events", "direct", KAFKA_BOOTSTRAP_SERVERS="")
    copied = part("copying")
    bare, together = copied["rows"] / copied["seconds"], found["together_per_second"]
    lines = [
        ["produced in batches of 5,000", f"{found['produced_per_second']:,.0f}"],
        ["read from the topics and stored, by one consumer", f"{found['alone_per_second']:,.0f}"],
        ["the same by two", f"{together:,.0f}"],
        ["bare `COPY` of stored rows into the same table", f"{bare:,.0f}"],
    ]
    posts = [_posts_line("on Kafka", found), _posts_line("in PostgreSQL (direct)", direct)]
    return (
        f"{report.table(['', 'events/s'], lines)}\n\n{found['events']:,} events, produced beforehand; "
        f"{found['stored']:,} stored, {found['dead']:,} dead letters. Two run at {together / bare:.2f} of the "
        "bare COPY: they decode, check, resolve, meet people and tell Redis as well. The consumer that ran alone took "
        f"{found['peak_mb']:,.0f} MB at the most.\n\n"
        f"{report.table(['single posts, durable when answered', 'posts/s', 'p50', 'p95'], posts)}\n\nOne gunicorn "
        "worker, eight connections, authentication off; client, broker and PostgreSQL on the same machine."
    )


def _posts_line(name: str, found: dict[str, float]) -> list[str]:
    times = [f"{found[f'post_{name}_ms']:.1f} ms" for name in ("p50", "p95")]
    return [name, f"{found['posts_per_second']:,.0f}", *times]
