"""Keep with an impression what its request asked beside its placement, so that the list can be made again."""

import json
from collections.abc import Mapping
from typing import Any

from recommender.serving.candidates import METHODS, MIN_SUPPORT
from recommender.serving.contract import Request
from recommender.serving.placements import ServedPlacement

NOTHING = "{}"
PLAIN = ("items", "item_type", "filter", "window_days")
SETS = ("exclude", "categories", "every_category", "tags")
"""Fields whose order says nothing."""

WORDS = {"items": "starting from"}


def asked_of(request: Request, placement: ServedPlacement) -> str:
    """Return as JSON what a combined request asked beside its placement, by the names of its fields: mostly nothing.

    What is recorded anyway is left out: the user, the length, the algorithm. The weight of an experiment's variant is
    told as well, as no revision of the placement says it.
    """
    own = placement.settings
    asked: dict[str, Any] = {name: value for name in PLAIN if (value := getattr(request, name))}
    asked |= {name: sorted(value) for name in SETS if (value := getattr(request, name))}
    weight = request.content_weight
    if weight is None and placement.variant:
        weight = own.content_weight
    if weight is not None:
        asked["content_weight"] = weight
    if request.min_support != MIN_SUPPORT:
        asked["min_support"] = request.min_support
    if request.min_score is not None:
        asked["min_score"] = request.min_score
    if request.diversity != own.diversity:
        asked["diversity"] = request.diversity
    if request.max_per_category != (own.max_per_category or 0):
        asked["max_per_category"] = request.max_per_category
    if request.method != METHODS[0]:
        asked["method"] = request.method
    return json.dumps(asked, separators=(",", ":")) if asked else NOTHING


def request_of(asked: Mapping[str, Any], user_id: str, limit: int, offset: int) -> Request:
    """Return the request that asked this, for one page. It counts nowhere as shown."""
    lists = {name: tuple(value) for name, value in asked.items() if isinstance(value, list)}
    return Request(user_id, limit, offset, is_shown=False, **{**asked, **lists})


def in_words(asked: Mapping[str, Any]) -> str:
    """Say what was asked, by the names that clients send it under."""
    return "; ".join(f"{WORDS.get(name, name)} {_text(value)}" for name, value in asked.items())


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
