"""Everybody's best items, as Spark made them beside a version: what warming takes instead of scoring by itself.

They are used for as long as cached lists live, and go with the next training's. What they say is checked as it is
served: users with later events, seen items and items that are not available are the business of whoever takes them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from catalog.erasure import ErasedUsers
from recommender.engine.types import UNKNOWN, FloatArray, IdMap, IntArray, Mask, Model, RowArray
from recommender.spark import jobs
from recommender.spark.place import Place

FOLDER = "lists"
SPARK = "spark"
SPARE = 1.25
"""How many times the candidates are made: some of them are bought, hidden or sold out before they are served."""

BLOCK = 2_000
"""Users whose lists are read together."""

STAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True, eq=False)
class HandedLists:
    """Hold the lists of some users (m,): internal ids of items (m, n), best first, and scores; UNKNOWN and NaN pad."""

    user_ids: IdMap
    items: IntArray
    scores: FloatArray
    ended: Mask
    """Whose list (m,) is all that the model can say, not the best part of it."""

    def rows(self, users: IntArray) -> RowArray:
        """Return the row of each user (internal ids), or UNKNOWN."""
        return self.user_ids.rows(users)


def make(job: jobs.Job, algorithm: str, version: int, model: Model) -> None:
    """Have Spark make the lists of a version's model; those of the algorithm's versions before go."""
    place = Place.of(FOLDER)
    before = [name for name in place.folders() if name.startswith(f"{algorithm}-")]
    count = int(settings.CANDIDATE_COUNT * SPARE)
    mine = place / f"{algorithm}-{version}-{timezone.now().strftime(STAMP)}-{count}"
    jobs.best_items(job, model, count).write.mode("overwrite").parquet(mine.uri)
    for name in before:
        (place / name).remove()


def of_version(version: int) -> Iterator[HandedLists]:
    """Yield the lists of a version, some thousand users at a time; nothing where Spark made none lately."""
    if settings.TRAINING_ENGINE != SPARK:
        return
    place = Place.of(FOLDER)
    for name in place.folders():
        _, its, stamp, count = (*name.split("-"), "", "", "")[:4]
        if its == str(version) and not _is_over(stamp):
            yield from _read(place / name, int(count))


def on_erased(_: ErasedUsers) -> None:
    """Delete all lists once an erasing is committed: whose they are can't be told before they are read. For
    ERASURE_SINKS.
    """
    if settings.TRAINING_ENGINE == SPARK:
        transaction.on_commit(partial(Place.of(FOLDER).remove))


def _is_over(stamp: str) -> bool:
    try:
        made_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return True
    return timezone.now() - made_at > timedelta(seconds=settings.CANDIDATE_TTL_SECS)


def _read(place: Place, count: int) -> Iterator[HandedLists]:
    import pyarrow.parquet as pq

    for path in place.files(".parquet"):
        with place.storage.open(path) as file:
            for batch in pq.ParquetFile(file).iter_batches(BLOCK):
                if len(batch):
                    yield _lists(count, *(batch.column(name) for name in ("user_id", "items", "scores")))


def _lists(count: int, users: Any, items: Any, scores: Any) -> HandedLists:
    order = np.argsort(users.to_numpy())
    counts = items.value_lengths().to_numpy()
    shape = (len(counts), int(counts.max(initial=0)))
    filled = np.arange(shape[1]) < counts[:, None]
    padded_items, padded_scores = np.full(shape, UNKNOWN, np.int64), np.full(shape, np.nan, np.float32)
    padded_items[filled], padded_scores[filled] = items.flatten().to_numpy(), scores.flatten().to_numpy()
    user_ids = IdMap(users.to_numpy()[order].astype(np.int64))
    return HandedLists(user_ids, padded_items[order], padded_scores[order], (counts < count)[order])
