"""Recommend for an anonymous session by the items that were viewed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.engine import feedback
from recommender.engine.evidence import STRONGEST, WORST
from recommender.engine.types import UNKNOWN, Dataset, EventKind, Histories, IdMap, IntArray
from recommender.serving.candidates.attribution import Attribution, attribution_of
from recommender.serving.candidates.by_model import rank_by_model
from recommender.serving.candidates.context import FOLD_IN, ServingContext
from recommender.serving.candidates.fallbacks import followed_by
from recommender.serving.candidates.loaded_release import LoadedModel
from recommender.serving.candidates.rankings import Chain, Ranked

SESSION_VIEW = EventKind("view", STRONGEST)
"""The event that each item of a session counts as."""

DISLIKE = EventKind("dislike", WORST, is_negative=True)
"""The event that each item counts as that the user wants nothing like."""


@dataclass(frozen=True, eq=False)
class Session:
    """Hold a ranking of everything, and what it was made from."""

    context: ServingContext
    ranked: Chain
    made_from: tuple[LoadedModel, Dataset, Histories] | None
    """None where the leading model knows none of the items: the ranking is what everybody gets."""

    def explain(self, ranked: Ranked) -> Attribution | None:
        """Explain the items of a page."""
        return attribution_of(self.context, *self.made_from, ranked) if self.made_from else None


def session(
    context: ServingContext,
    rows: Sequence[int],
    leader: LoadedModel | None = None,
    disliked: Sequence[int] = (),
    fallbacks: Sequence[str] = (),
) -> Session:
    """Rank similar items for an anonymous session: `rows` are the viewed items, in order, the latest weighs most.

    By `leader`; default: the release's leading model. What is like the items at `disliked` is pushed away.
    What the fallbacks rank follows.
    """
    member, rest = leader or context.release.leader, followed_by(context, fallbacks)
    if member is None:
        return Session(context, rest, None)
    items, against = (context.catalogue.ids[list(some)] for some in (rows, disliked))
    events = _events(member.model.item_ids, items, against)
    history = feedback.histories(events, member.model.item_ids)
    own = rank_by_model(context, member, lambda: member.model.score_histories(history), FOLD_IN)
    if own is None:
        return Session(context, rest, None)
    return Session(context, Chain(own, rest), (member, events, history))


def _events(item_ids: IdMap, items: IntArray, disliked: IntArray) -> Dataset:
    """Make the events of one user, a second apart, the dislikes last."""
    both = item_ids.rows(np.concatenate([items, disliked]))
    types = np.repeat(np.array([0, 1], np.uint8), [len(items), len(disliked)])
    known = both != UNKNOWN
    n = int(known.sum())
    return Dataset(
        user_ids=IdMap(np.zeros(1, np.int64)),
        item_ids=item_ids,
        users=np.zeros(n, np.int32),
        items=both[known],
        values=np.full(n, np.nan, np.float32),
        types=types[known],
        times=np.arange(n),
        kinds=(SESSION_VIEW, DISLIKE),
    )
