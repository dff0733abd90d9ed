"""What goes with the items of one visit, of somebody who may be nobody."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.engine import feedback, ranking
from recommender.engine.types import UNKNOWN, Dataset, EventKind, Histories, IdMap
from recommender.serving.candidates.evidence import Evidence, evidence_of
from recommender.serving.candidates.loaded import Member
from recommender.serving.candidates.view import FOLD_IN, Ranked, View

LOOKED_AT = EventKind("view", feedback.STRONGEST)
"""What nobody knows better of each item of a visit."""


@dataclass(frozen=True, eq=False)
class Session:
    """A ranking of everything that is available, and what it comes from."""

    view: View
    ranked: Ranked
    evidence: tuple[Member, Dataset, Histories] | None
    """None where the leading model knows none of the items: then it is what everybody gets."""

    def explain(self, ranked: Ranked) -> Evidence | None:
        """Why some places stand where they stand."""
        return evidence_of(self.view, *self.evidence, ranked) if self.evidence else None


def session(view: View, rows: Sequence[int]) -> Session:
    """By the items at `rows` of the catalogue, in the order in which they were looked at."""
    member, n = view.release.leader, len(view.catalogue)
    if member is None:
        return Session(view, view.everybody(), None)
    events = _events(member.model.item_ids, view.catalogue.ids[list(rows)])
    history = feedback.histories(events, member.model.item_ids)
    scores = view.laid_out(member, member.model.score_histories(history))
    own = Ranked.of(ranking.top_n(scores, n, allowed=view.catalogue.available), FOLD_IN)
    if not len(own):
        return Session(view, view.everybody(), None)
    return Session(view, own.filled_up(n, view.everybody()), (member, events, history))


def _events(item_ids: IdMap, items: np.ndarray) -> Dataset:
    """One person's events, a second apart."""
    known = item_ids.rows(items)
    known = known[known != UNKNOWN]
    return Dataset(
        user_ids=IdMap(np.zeros(1, np.int64)),
        item_ids=item_ids,
        users=np.zeros(len(known), np.int32),
        items=known,
        values=np.full(len(known), np.nan, np.float32),
        types=np.zeros(len(known), np.uint8),
        times=np.arange(len(known)),
        kinds=(LOOKED_AT,),
    )
