"""Define the shape of answers, and turn them into JSON.

JSON is made by hand: REST framework's serializers would take longer than everything else together. A test holds the
serializers of the schema to it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from recommender.serving.candidates import LATEST
from recommender.serving.reasons import Reason

NO_REASON = {"reason": None, "because": None, "sources": None}


class MetRule(NamedTuple):
    """Hold which rule of the placement met an item, by its number from 1 on, and what it did."""

    rule: int
    did: str
    """One of `rules.Word`: pinned, boosted, buried, required, held back."""
    note: str


class ListedItem(NamedTuple):
    """Hold one item of an answer."""

    item_id: str
    title: str
    rank: int
    """From 1 on, over all pages."""
    score: float | None
    """By which its source ranked it, on the source's own scale."""
    predicted_rating: float | None
    """On the scale of ratings: by the model that leads the list if it predicts ratings, else by the rating model."""
    uncertainty: float | None
    """The standard deviation of the predicted rating."""
    confidence_interval: tuple[float, float] | None
    """It holds the rating 95 times of 100."""
    source: str
    """One of `cache.SOURCES`: a model of the release, `fold-in`, `latest` ..."""
    reason: Reason | None = None
    """Given where it was asked for."""
    fields: Mapping[str, Any] | None = None
    """What else was asked for of the item."""
    rules: tuple[MetRule, ...] = ()


class Answer(NamedTuple):
    """Hold a page of a list."""

    user_id: str
    recommendation_id: UUID
    items: tuple[ListedItem, ...]
    algorithm: str
    model_version: int | None
    release: int | None
    placement: str
    placement_revision: int | None
    """The number of the placement's live revision; None where it has none."""
    cold_start: bool
    """True where nothing is known of the user, who gets what everybody gets."""
    cache_hit: bool
    total_available: int
    generated_at: datetime
    variant: str | None = None
    """The variant of the experiment that the user is in, if any."""
    items_json: bytes = b""
    """The items as JSON, where they were written already."""


@dataclass(frozen=True, slots=True)
class BoughtItem:
    """Hold an item, and the figures by which it goes with another."""

    item_id: str
    title: str
    rank: int
    support: int
    confidence: float
    lift: float
    basis: str
    """`purchases` or `sessions`: whom the figures are of."""
    reason: Reason | None = None
    fields: Mapping[str, Any] | None = None
    rules: tuple[MetRule, ...] = ()


@dataclass(frozen=True, slots=True)
class BoughtTogether:
    """Hold a page of the items bought together with one."""

    item_id: str
    recommendation_id: UUID
    items: tuple[BoughtItem, ...]
    placement: str
    placement_revision: int | None
    total_available: int
    variant: str | None = None


def as_json(answer: Answer) -> dict[str, Any]:
    """Return a user's list as JSON, its items as they were written where they were."""
    return {
        "user_id": answer.user_id,
        "recommendation_id": str(answer.recommendation_id),
        "items": orjson.Fragment(answer.items_json) if answer.items_json else list(map(item_as_json, answer.items)),
        "algorithm": answer.algorithm,
        "model_version": answer.model_version,
        "release": answer.release,
        "placement": answer.placement,
        "placement_revision": answer.placement_revision,
        "variant": answer.variant,
        "cold_start": answer.cold_start,
        "cache_hit": answer.cache_hit,
        "total_available": answer.total_available,
        "generated_at": answer.generated_at.isoformat(),
    }


OF_A_USER = ("user_id", "cold_start", "cache_hit")
"""Fields that a list which is nobody's own doesn't have."""


def as_public_json(answer: Answer) -> dict[str, Any]:
    """Return a list that belongs to no user as JSON."""
    return {name: value for name, value in as_json(answer).items() if name not in OF_A_USER}


ANY_DIGEST = "*"
"""Stands for the digest of any list."""

OF_EACH_ANSWER = ("recommendation_id", "generated_at", "items")
"""Fields that differ in every answer; of the items, only the scores may."""

_OF_LATEST = b'"source":"%s"' % LATEST.encode()
"""What no text within JSON can hold: its quotes would be written otherwise."""


def digest(told: Mapping[str, Any], items: bytes = b"") -> str:
    """Return a digest of what a list says: the same for two answers that differ in their id and time alone.

    So do the scores of what is new, which are ages. `items` is the JSON of the items, where it was made already.
    """
    items = items or orjson.dumps(told["items"])
    if _OF_LATEST in items:
        ageless = [one | {"score": None} if one.get("source") == LATEST else one for one in orjson.loads(items)]
        items = orjson.dumps(ageless)
    said = [value for name, value in told.items() if name not in OF_EACH_ANSWER]
    return blake2b(items + orjson.dumps(said), digest_size=12).hexdigest()


def item_as_json(item: ListedItem) -> dict[str, Any]:
    """Return one item as JSON; the parts of its reason are null where none was asked for."""
    told = {
        "item_id": item.item_id,
        "title": item.title,
        "rank": item.rank,
        "score": item.score,
        "predicted_rating": item.predicted_rating,
        "uncertainty": item.uncertainty,
        "confidence_interval": item.confidence_interval,
        "source": item.source,
        **(_reason_as_json(item.reason) if item.reason else NO_REASON),
    }
    if item.fields is not None:
        told["fields"] = item.fields
    if item.reason and item.rules:
        told["rules"] = _rules_as_json(item)
    return told


def _rules_as_json(item: ListedItem | BoughtItem) -> list[dict[str, Any]]:
    """Return which rules met the item: told where reasons are asked for."""
    return [one._asdict() for one in item.rules]


def _reason_as_json(reason: Reason) -> dict[str, Any]:
    why = asdict(reason)
    return {"reason": why["sentence"], "because": why["because"], "sources": why["sources"]}


def bought_as_json(bought: BoughtTogether) -> dict[str, Any]:
    """Return what is bought together as JSON."""
    return {
        "item_id": bought.item_id,
        "recommendation_id": str(bought.recommendation_id),
        "items": [_bought_item_as_json(item) for item in bought.items],
        "placement": bought.placement,
        "placement_revision": bought.placement_revision,
        "variant": bought.variant,
        "total_available": bought.total_available,
    }


def _bought_item_as_json(item: BoughtItem) -> dict[str, Any]:
    told = {
        "item_id": item.item_id,
        "title": item.title,
        "rank": item.rank,
        "support": item.support,
        "confidence": item.confidence,
        "lift": item.lift,
        "basis": item.basis,
        **(_reason_as_json(item.reason) if item.reason else NO_REASON),
    }
    if item.fields is not None:
        told["fields"] = item.fields
    if item.reason and item.rules:
        told["rules"] = _rules_as_json(item)
    return told
