"""What an answer is made of: its places, and what is said of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import NamedTuple
from uuid import UUID

from recommender.cache import SOURCES
from recommender.engine.types import HALF_INTERVAL
from recommender.insight import impressions
from recommender.insight.impressions import Impression
from recommender.models import ListKind
from recommender.serving.candidates import Ranked, RatingPredictions, ServingContext, current_context
from recommender.serving.reasons import Reason
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Explained, Unavailable

DIGITS = 4


class UnknownAlgorithm(Explained):
    """The request names an algorithm that the live release doesn't have."""


class ServingUnavailable(Unavailable):
    """This process has nothing to answer with yet: it never saw the catalogue, and the database is gone."""


class Place(NamedTuple):
    """One item of an answer."""

    item_id: str
    title: str
    rank: int
    """From 1 on, over all pages."""
    score: float | None
    """What its source ranked it by, on the source's own scale."""
    predicted_rating: float | None
    """By the rating model, on the scale of ratings."""
    uncertainty: float | None
    """The standard deviation of that."""
    confidence_interval: tuple[float, float] | None
    """It holds the rating 95 times of 100."""
    source: str
    """A member of the release: by what its training knew of the person; `fold-in`: by her latest events; `latest`."""
    reason: Reason | None = None
    """Where it was asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    user_id: str
    recommendation_id: UUID
    items: tuple[Place, ...]
    algorithm: str
    model_version: int | None
    release: int | None
    placement: str
    cold_start: bool
    """Whether nothing was known of the person, and she got what everybody gets."""
    cache_hit: bool
    total_available: int
    generated_at: datetime


def view_now() -> ServingContext:
    """The catalogue and the live release of this moment. Raises ServingUnavailable."""
    try:
        return current_context()
    except DatabaseDown as down:
        raise ServingUnavailable("Recommendations are not available yet. Try again in a few seconds.") from down


def places(
    view: ServingContext, ranked: Ranked, first: int, rated: RatingPredictions, why: Sequence[Reason] | None = None
) -> tuple[Place, ...]:
    """The places of a page, of which the `first` has that rank."""
    rows = ranked.rows.tolist()
    columns = (
        map(view.catalogue.item_ids.__getitem__, rows),
        map(view.catalogue.titles.__getitem__, rows),
        range(first, first + len(rows)),
        _numbers(ranked.scores.tolist()),
        _numbers(rated.values.tolist()),
        _numbers(rated.deviations.tolist()),
        _intervals(view, rated),
        map(SOURCES.__getitem__, ranked.sources.tolist()),
        why or repeat(None, len(rows)),
    )
    return tuple(map(Place._make, zip(*columns, strict=True)))


def show(view: ServingContext, kind: ListKind, answer: Answer, ranked: Ranked, first: int) -> None:
    """Notes that somebody is shown an answer, whose `first` place has that rank."""
    impressions.record(
        Impression(
            answer.recommendation_id,
            answer.user_id,
            kind,
            answer.placement,
            answer.algorithm,
            answer.model_version,
            answer.release,
            "",
            view.catalogue.ids[ranked.rows].tolist(),
            ranked.sources.tolist(),
            first,
            answer.generated_at,
        )
    )


def _intervals(view: ServingContext, rated: RatingPredictions) -> list[tuple[float, float] | None]:
    """95 %, within the scale."""
    low, high = view.release.scale
    half = HALF_INTERVAL * rated.deviations
    ends = zip(_numbers((rated.values - half).tolist()), _numbers((rated.values + half).tolist()), strict=True)
    return [(max(start, low), min(end, high)) if start is not None and end is not None else None for start, end in ends]


def _numbers(values: list[float]) -> list[float | None]:
    """Rounded; NaN, which differs from itself, as None."""
    return [round(value, DIGITS) if value == value else None for value in values]
