"""Have candidates make lists beside what is shown, unseen: a shadow changes no answer and no answer waits for it.

    answer ──offer──▶ queue of the process ──its thread──▶ the candidate's list ──▶ sums by day

The request only draws a lot and puts what was shown into a bounded queue; what doesn't fit is dropped, and counted. The
thread rests as long as it works, so a shadow takes at most half a core of a process, whatever share was asked for.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from queue import Full, Queue
from random import random
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from recommender.insight import shadows as sums
from recommender.insight.shadows import LENGTH, Outcome
from recommender.merchandising import ListSettings
from recommender.models import SHADOWS_GENERATION, PlacementRevision, Shadow
from recommender.serving.candidates import has_room, live
from recommender.serving.contract import Answer, Request
from recommender.serving.placements import ServedPlacement
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Unavailable, UserFacingError
from recsite.platform.reloading import Reloading

logger = logging.getLogger(__name__)
MOST_WAITING = 100
Make = Callable[[Request, ServedPlacement], Answer]


@dataclass(frozen=True, slots=True)
class ServedShadow:
    """Hold a running shadow."""

    number: int
    share: float
    release: int = 0
    model: int = 0
    revision: int | None = None
    settings: ListSettings | None = None
    """Those of the revision."""

    def asks(self, request: Request) -> Request:
        """Return the request for the candidate's list. One of a named release is stored and recorded nowhere."""
        release = 0 if self.model else self.release or live().number or 0
        asked = replace(request, release=release, model=self.model, is_shown=False)
        return replace(asked, explain=False, fields=(), known=())

    def of(self, placement: ServedPlacement) -> ServedPlacement:
        """Return the placement as it would be shown."""
        if self.settings is None:
            return placement
        return replace(placement, settings=self.settings, revision=self.revision)


class Shown(NamedTuple):
    """Hold what was shown, and what makes such a list."""

    shadow: ServedShadow
    make: Make
    request: Request
    placement: ServedPlacement
    items: Sequence[str]
    seconds: float


def offer(make: Make, request: Request, placement: ServedPlacement, answers: Sequence[Answer], seconds: float) -> None:
    """Offer answers that were just shown to the shadow of their placement, if there is one: never raises, never waits.

    `request` is as it was asked. One that says itself what leads its list, and one that is part of an experiment, tell
    nothing about what is live; nor does a page further down.
    """
    shadow = _copy.current().get(placement.name)
    if shadow is None or placement.variant or request.algorithm or request.content_weight is not None or request.offset:
        return
    for answer in answers:
        if random() < shadow.share:
            own = replace(request, user_id=answer.user_id)
            _held.scorer.add(Shown(shadow, make, own, placement, [one.item_id for one in answer.items], seconds))


def score_waiting() -> None:
    """Score what waits in this process and store the sums. Raises DatabaseDown where these can't be stored."""
    _held.scorer.score_waiting()


def forget() -> None:
    """Start again with nothing waiting, for tests."""
    _copy.forget()
    _held.forget()
    sums.outcomes.forget()


def _score(shown: Shown) -> Outcome:
    """Make the candidate's list, and compare both."""
    shadow = shown.shadow
    if not has_room(shadow.release, shadow.model):
        return Outcome(shadow.number)
    started = time.perf_counter()
    try:
        answer = shown.make(shadow.asks(shown.request), shadow.of(shown.placement))
    except (DatabaseDown, Unavailable):
        # No candidate could have made it.
        return Outcome(shadow.number)
    except UserFacingError as error:
        return Outcome(shadow.number, error=str(error))
    except Exception as error:
        logger.exception("The shadow %d failed.", shadow.number)
        return Outcome(shadow.number, error=f"{type(error).__name__}: the log has the rest.")
    seconds = time.perf_counter() - started
    made, seen = [one.item_id for one in answer.items][:LENGTH], shown.items[:LENGTH]
    longest = max(len(made), len(seen))
    overlap = len({*made} & {*seen}) / longest if longest else 1.0
    return Outcome(shadow.number, overlap, made == [*seen], seconds, shown.seconds)


class _Scorer:
    """Hold what is to be scored. Its thread starts with the first list, so after the fork."""

    def __init__(self) -> None:
        self.waiting: Queue[Shown] = Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, shown: Shown) -> None:
        try:
            self.waiting.put_nowait(shown)
        except Full:
            sums.note(Outcome(shown.shadow.number))
        if self._thread is None and settings.GATHER_IN_BACKGROUND:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, daemon=True, name="shadows")
                    self._thread.start()

    def score_waiting(self) -> None:
        while not self.waiting.empty():
            sums.note(_score(self.waiting.get_nowait()))
        sums.flush()

    def _work(self) -> None:
        while True:
            shown = self.waiting.get()
            started = time.monotonic()
            sums.note(_score(shown))
            connection.close()
            time.sleep(time.monotonic() - started)


class _Held:
    """Hold the scorer of this process, and make a new one after a fork."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self.scorer = _Scorer()


_held = _Held()


def _read() -> Mapping[str, ServedShadow]:
    return database.ask(_running)


def _running() -> dict[str, ServedShadow]:
    return {one.placement: _served(one) for one in Shadow.objects.filter(stopped_at=None)}


def _served(shadow: Shadow) -> ServedShadow:
    own = None
    if shadow.revision:
        row = PlacementRevision.objects.filter(placement__name=shadow.placement, number=shadow.revision).first()
        own = ListSettings.stored(row.settings) if row else None
    return ServedShadow(shadow.pk, shadow.share, shadow.release or 0, shadow.model or 0, shadow.revision, own)


def _nothing() -> Mapping[str, ServedShadow]:
    """Run no shadow while the database can't be asked."""
    return {}


_copy = Reloading(SHADOWS_GENERATION, _read, _nothing)
