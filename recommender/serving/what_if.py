"""Show what a user's list would be if they had done something else. Nothing is stored, cached or counted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from django.conf import settings
from django.utils import timezone
from numpy.typing import NDArray

from catalog import snapshot
from interactions import types
from recommender import dataset
from recommender.cache import NOBODY, Candidates
from recommender.dataset import RECENT, RecentEvents, microseconds_of
from recommender.engine.types import Mask
from recommender.serving.candidates import (
    IMPERSONAL,
    Eligibility,
    ServingContext,
    UserCandidates,
    user_ranking,
    users,
)
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.contract import Answer, Request, UnknownItem
from recommender.serving.user_lists import look_up
from recsite.platform import database
from recsite.platform.exceptions import Invalid

MOST_CHANGES = 50


@dataclass(frozen=True, slots=True)
class ImaginedEvent:
    """Describe an event that did not happen."""

    item_id: str
    type: str
    value: float | None = None
    """A rating, on the scale of its type."""


class ImaginedHistories(UserHistories):
    """Hold events of which some did not happen: no trained row of a model knows them."""

    def newer_than(self, member: LoadedModel) -> Mask:
        """Return True for every user: the whole history is folded in."""
        return np.ones(len(self.user_pks), bool)


def what_if(
    request: Request, added: Sequence[ImaginedEvent] = (), without: Sequence[str] = ()
) -> tuple[Answer, Answer]:
    """Return the list of the request's user as it is, and as it would be with other events.

    `without` names items of which everything that the user did is taken away. Items of imagined events count as seen as
    those of real ones do. Raises Invalid for an unknown type or a value off its scale, UnknownItem, and what
    `recommend` does.
    """
    if len(added) + len(without) > MOST_CHANGES:
        raise Invalid({"events": f"At most {MOST_CHANGES} changes are possible."})
    return look_up(request).answer, look_up(request, partial(_imagined, added, without)).answer


def _imagined(
    added: Sequence[ImaginedEvent], without: Sequence[str], context: ServingContext, algorithm: str, user_id: str
) -> UserCandidates:
    """Make candidates from the altered events."""
    person = users.find_pk(user_id)
    real = database.ask(lambda: dataset.load_all_of(person))
    left = ~np.isin(real.events["item"], [_item(item_id) for item_id in without])
    imagined = _records(person, added, int(real.events["id"].max()) if len(real.events) else 0)
    # The latest come first.
    events = replace(real, events=np.concatenate([imagined[::-1], real.events[left]]))
    seen = events.seen().tolist()
    known = ImaginedHistories(np.array([person], np.int64), events.latest(settings.FOLD_IN_EVENTS))
    return UserCandidates(_candidates(context, algorithm, person, known, events, seen), seen, False, known)


def _candidates(
    context: ServingContext,
    algorithm: str,
    person: int,
    known: ImaginedHistories,
    events: RecentEvents,
    seen: Sequence[int],
) -> Candidates:
    member = context.release.sources.get(algorithm)
    if member is None or algorithm in IMPERSONAL or (person == NOBODY and not len(events.events)):
        return Candidates.impersonal(person)
    allowed = Eligibility.unseen(context.catalogue, context.rows(seen)).allowed
    own = user_ranking.rank(context, member, person, allowed, settings.CANDIDATE_COUNT, known)
    return user_ranking.candidates(context, member, known, own)


def _records(person: int, added: Sequence[ImaginedEvent], last: int) -> NDArray[np.void]:
    """Return imagined events as they would be read, all of this moment."""
    now = microseconds_of(timezone.now())
    made = np.zeros(len(added), RECENT)
    for number, one in enumerate(added):
        kind = types.by_name().get(one.type)
        if kind is None:
            raise Invalid({"type": f"There is no type {one.type!r}. Known: {', '.join(sorted(types.by_name()))}."})
        value = _value(one, kind.rule.scale)
        made[number] = (last + 1 + number, person, _item(one.item_id), kind.id, value, now + number, False, now)
    return made


def _value(event: ImaginedEvent, scale: tuple[float, float] | None) -> float:
    if scale is None:
        return float("nan")
    low, high = scale
    if event.value is None or not low <= event.value <= high:
        raise Invalid({"value": f"An event of the type {event.type} needs a value from {low:g} to {high:g}."})
    return event.value


def _item(item_id: str) -> int:
    catalogue = snapshot.current()
    row = catalogue.row_of(item_id)
    if row is None:
        raise UnknownItem(f"There is no item {item_id!r}.")
    return int(catalogue.ids[row])
