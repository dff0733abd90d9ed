"""Items that came after the training: they enter personal lists by what they are, at once.

A person's taste is kept with her candidates: the direction in which the vectors of her items point, and the straight
line that turns an item's cosine with it into a score on the scale of her list. So what a new item is worth to her takes
one product of two vectors, and no query.
"""

from dataclasses import dataclass, field

import numpy as np

from catalog.models import ItemEmbedding
from recommender import dataset
from recommender.cache import SOURCES
from recommender.engine import feedback
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask
from recommender.serving.candidates.loaded import Member, live
from recommender.serving.candidates.vectors import EPOCH, content_model, fitted
from recommender.serving.candidates.view import CONTENT, FOLD_IN, Ranked, View
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.reloading import Copy

MOST = 10_000
"""New items that are looked at: the newest."""

NO_TASTE = np.empty(0, np.float32)


@dataclass(frozen=True, eq=False)
class Newcomers:
    """The vectors (n, d) of items that the live release's content model has never seen."""

    version: int | None = None
    ids: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    vectors: FloatArray = field(default_factory=lambda: np.empty((0, 0), np.float32))


NOBODY = Newcomers()


def newcomers(view: View) -> Newcomers:
    """Those of the view's release; none while the database is gone and they were never read."""
    found = content_model(view.release)
    if found is None:
        return NOBODY
    try:
        held = _copy.current()
        if held.version != found[0]:
            _copy.forget()
            held = _copy.current()
    except DatabaseDown:
        return NOBODY
    return held if held.version == found[0] else NOBODY


def vectors(view: View, rows: IntArray) -> FloatArray:
    """The vectors (n, d) of items at rows of the catalogue; 0 where none is known."""
    found = content_model(view.release)
    if found is None:
        return np.zeros((len(rows), 1), np.float32)
    model, new, ids = found[1], newcomers(view), view.catalogue.ids[rows]
    known = model.item_ids.rows(ids)
    out: FloatArray = fitted(np.where((known != UNKNOWN)[:, None], model.vectors[known], 0))
    if len(new.ids):
        place = np.minimum(np.searchsorted(new.ids, ids), len(new.ids) - 1)
        is_new = new.ids[place] == ids
        out[is_new] = new.vectors[place[is_new]]
    return out


def likings(view: View, rows: IntArray, taste: FloatArray) -> FloatArray:
    """The cosines (n,) of items at rows of the catalogue with a taste."""
    cosines: FloatArray = vectors(view, rows) @ taste[:-2]
    return cosines


def entered(view: View, own: Ranked, taste: FloatArray, leader: str) -> Ranked:
    """A ranking that `leader` has made, with the newcomers where their scores put them.

    Those that would stand below its last place are left out: so the head of a longer ranking is the same.
    """
    new = newcomers(view)
    if not len(taste) or not taste[-2] or not len(new.ids):
        return own
    ends = np.flatnonzero(~np.isin(own.sources, (SOURCES.index(leader), SOURCES.index(FOLD_IN))))
    head = own.only(slice(ends[0] if len(ends) else len(own)))
    rows = view.rows(new.ids)
    there = (rows != UNKNOWN) & view.catalogue.available[rows]
    scores = (new.vectors[there] @ taste[:-2]) * taste[-2] + taste[-1]
    worthy = scores > (head.scores[-1] if len(head) else np.inf)
    if not worthy.any():
        return own
    rows = rows[there][worthy]
    mine = Ranked(rows, scores[worthy].astype(np.float32), np.full(len(rows), SOURCES.index(CONTENT), np.uint8))
    both = head.joined(mine)
    rest = own.only(slice(len(head), None))
    rest = rest.only(~np.isin(rest.rows, rows))
    return both.only(np.argsort(-both.scores, kind="stable")).joined(rest)


def tastes(view: View, member: Member, persons: IntArray, folded: Mask) -> FloatArray:
    """The tastes (m, d + 2) of people whose lists `member` has made, `folded` (m,) from their latest events.

    The last two are the slope and the intercept of the line; 0 where the member doesn't go by content. Of whom nothing
    is known all are 0. Without a content model they are (m, 0). Raises DatabaseDown.
    """
    found = content_model(view.release)
    if found is None:
        return np.empty((len(persons), 0), np.float32)
    model = found[1]
    rows = model.user_ids.rows(persons)
    unknown = folded | (rows == UNKNOWN)
    directions, activity = (
        model.tastes_of(model.profiles[np.where(unknown, 0, rows)])
        if len(model.user_ids)
        else (np.zeros((len(persons), model.vectors.shape[1]), np.float32), np.zeros(len(persons), np.int64))
    )
    if unknown.any():
        events = database.ask(lambda: dataset.history(persons[unknown].tolist(), model.item_ids))
        profiles = feedback.histories(events, model.item_ids).profiles[events.user_ids.rows(persons[unknown])]
        directions[unknown], activity[unknown] = model.tastes_of(profiles)
    slope, intercept = _line(member, model, directions, activity)
    return np.column_stack([fitted(directions), slope, intercept]).astype(np.float32)


def _line(
    member: Member, model: VectorModel, directions: FloatArray, activity: IntArray
) -> tuple[FloatArray, FloatArray]:
    """From a cosine to the member's score: slopes and intercepts (m,)."""
    nothing = np.zeros(len(directions), np.float32)
    if isinstance(member.model, VectorModel):
        return nothing + 1, nothing
    if not isinstance(member.model, HybridModel) or CONTENT not in member.model.sources:
        return nothing, nothing
    mean, spread = model.spread_of(directions)
    slope = (member.model.weight_of(CONTENT, activity) / np.maximum(spread, 1e-9)).astype(np.float32)
    return slope, -slope * mean


def forget() -> None:
    """As if the process had just started, for tests."""
    _copy.forget()


def _read() -> Newcomers:
    found = content_model(live())
    if found is None:
        return NOBODY
    version, model = found
    last = int(model.item_ids.ids[-1]) if len(model.item_ids) else 0
    after = ItemEmbedding.objects.filter(model_version=version, item_id__gt=last).order_by("-item_id")
    rows = database.ask(lambda: list(after.values_list("item_id", "vector")[:MOST]))[::-1]
    if not rows:
        return Newcomers(version)
    return Newcomers(version, np.array([pk for pk, _ in rows]), np.array([vector for _, vector in rows], np.float32))


_copy = Copy(EPOCH, _read)
