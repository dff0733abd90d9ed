"""Keeps a server busy over a fixed number of connections, and says how fast it answered. Local addresses only."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle

HOST = "127.0.0.1"
HEADER = f"{os.environ['BENCH_HEADER']}\r\n" if os.environ.get("BENCH_HEADER") else ""


async def ask(port: int, paths: Iterator[str], until: float, times: list[float]) -> None:
    """Requests over one connection, each sent when the last one is answered."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        while time.perf_counter() < until:
            path = next(paths)
            request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nAccept: application/json\r\n{HEADER}\r\n".encode()
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"{path} answered {head.splitlines()[0]!r}.")
            await reader.readexactly(_length(head))
            times.append(time.perf_counter() - started)
    finally:
        writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise SystemExit("An answer came without its length.")


async def keep_busy(port: int, paths: Sequence[str], connections: int, seconds: float) -> dict[str, float]:
    times: list[float] = []
    each = cycle(paths)
    started = time.perf_counter()
    await asyncio.gather(*(ask(port, each, started + seconds, times) for _ in range(connections)))
    elapsed = time.perf_counter() - started
    times.sort()
    return {
        "requests": len(times),
        "per_second": len(times) / elapsed,
        "p50_ms": 1000 * times[len(times) // 2],
        "p95_ms": 1000 * times[int(len(times) * 0.95)],
        "p99_ms": 1000 * times[int(len(times) * 0.99)],
    }


if __name__ == "__main__":
    _port, _paths, _connections, _seconds = sys.argv[1:]
    figures = asyncio.run(keep_busy(int(_port), json.loads(_paths), int(_connections), float(_seconds)))
    sys.stdout.write(json.dumps(figures) + "\n")
