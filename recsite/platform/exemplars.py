"""Keep, for each bucket of the time that requests take, the latest trace that fell into it.

prometheus_client keeps them in no process that shares its counters with others (its multiprocess mode). So each
process writes its own beside its counters, and whichever one is scraped reads them all.
"""

import os
import threading
import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from prometheus_client.core import Metric
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

BEGINS = "exemplars_"
WRITE_SECS = 1.0
Key = tuple[str, ...]
"""The labels of a bucket's series, `le` last."""

Kept = dict[Key, tuple[str, float, float]]
"""Trace, seconds it took, and when."""


class Exemplars:
    """Hold those of one histogram."""

    def __init__(self, name: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        self._name, self._labels = name, labels
        self._buckets = [*sorted(buckets), float("inf")]
        self._lock = threading.Lock()
        self._kept: Kept = {}
        self._written = 0.0

    def note(self, labels: Sequence[str], seconds: float, trace_id: str) -> None:
        """Keep a trace for the bucket that its time falls into."""
        bound = floatToGoString(self._buckets[bisect_left(self._buckets, seconds)])
        with self._lock:
            self._kept[*labels, bound] = (trace_id, seconds, time.time())
            folder = _folder()
            if folder and time.monotonic() - self._written >= WRITE_SECS:
                self._written = time.monotonic()
                self._write(folder)

    def told(self, families: Iterable[Metric]) -> Iterator[Metric]:
        """Return metrics, this histogram's with the latest traces of all processes."""
        for family in families:
            if family.name == self._name:
                found = self._latest()
                family.samples = [self._with_trace(sample, found) for sample in family.samples]
            yield family

    def _with_trace(self, sample: Any, found: Kept) -> Any:
        if not sample.name.endswith("_bucket"):
            return sample
        kept = found.get(tuple(sample.labels.get(name, "") for name in (*self._labels, "le")))
        return sample._replace(exemplar=Exemplar({"trace_id": kept[0]}, kept[1], kept[2])) if kept else sample

    def _latest(self) -> Kept:
        with self._lock:
            latest = dict(self._kept)
        folder = _folder()
        for path in folder.glob(f"{BEGINS}*.json") if folder else ():
            # One that is no more may have been removed meanwhile.
            with suppress(FileNotFoundError):
                for key, trace_id, seconds, at in orjson.loads(path.read_bytes()):
                    if at > latest.get(tuple(key), ("", 0.0, 0.0))[2]:
                        latest[tuple(key)] = (trace_id, seconds, at)
        return latest

    def _write(self, folder: Path) -> None:
        new = folder / f"{BEGINS}{os.getpid()}.new"
        new.write_bytes(orjson.dumps([[key, *kept] for key, kept in self._kept.items()]))
        new.replace(folder / f"{BEGINS}{os.getpid()}.json")


def _folder() -> Path | None:
    name = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(name) if name else None
