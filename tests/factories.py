"""Plain functions that make rows. Three people recur: Ada and Ben share a taste, Cleo has no history."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from catalog.models import EndUser, Item
from interactions.models import InteractionType
from interactions.schema import Event, new_event_id
from recommender.models import ModelVersion, Release, ReleaseModel

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
_numbers = count(1)


def ada() -> EndUser:
    return person("ada")


def ben() -> EndUser:
    return person("ben")


def cleo() -> EndUser:
    return person("cleo")


def person(user_id: str, **fields: Any) -> EndUser:
    """The person of that id, made where there is none."""
    return EndUser.objects.get_or_create(user_id=user_id, defaults=fields)[0]


def item(item_id: str = "", **fields: Any) -> Item:
    """A fresh item; without an id it gets the next number."""
    name = item_id or f"item-{next(_numbers)}"
    return Item.objects.create(item_id=name, **{"title": f"The book of {name}", "categories": ["Novels"], **fields})


def items(amount: int, **fields: Any) -> list[Item]:
    return [item(**fields) for _ in range(amount)]


def interaction_type(name: str) -> InteractionType:
    """One that the migrations bring: view, click, like, add_to_cart, purchase, share, rating, dislike, impression."""
    return InteractionType.objects.get(name=name)


def event(
    who: EndUser | str,
    what: Item | str,
    kind: str = "view",
    value: float | None = None,
    at: datetime = NOON,
    **rest: Any,
) -> Event:
    """An event as the API would have parsed it; people and items may be rows or bare ids."""
    user_id = who if isinstance(who, str) else who.user_id
    item_id = what if isinstance(what, str) else what.item_id
    return Event(
        rest.pop("event_id", None) or new_event_id(),
        user_id=user_id,
        item_id=item_id,
        type=kind,
        occurred_at=at,
        value=value,
        **rest,
    )


def model_version(algorithm: str = "popular", **fields: Any) -> ModelVersion:
    """The row of a fitted model, without an artifact."""
    ready = {"state": ModelVersion.State.READY, "metrics": {}, "n_users": 3, "n_items": 5, "n_events": 20}
    return ModelVersion.objects.create(algorithm=algorithm, **{**ready, **fields})


def release(*versions: ModelVersion, state: str = Release.State.LIVE, **fields: Any) -> Release:
    """A release of these versions; svd is its rating model, all others are ranking sources."""
    made = Release.objects.create(state=state, **fields)
    for version in versions:
        role = ReleaseModel.Role.RATING if version.algorithm == "svd" else ReleaseModel.Role.RANKING
        made.members.create(version=version, algorithm=version.algorithm, role=role)
    return made
