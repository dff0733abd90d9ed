"""Insert items that came after the training into users' lists at once, by their content.

A user's taste is kept with their candidates: the direction in which the vectors of their items point, and the line
that turns an item's cosine with it into a score on the scale of the list. So scoring a new item takes one product of
two vectors, and no query.
"""

from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np

from catalog.models import ItemEmbedding
from recommender.cache import SOURCES
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.types import UNKNOWN, FloatArray, IntArray, Mask
from recommender.serving.candidates.context import CONTENT, FOLD_IN, ServingContext
from recommender.serving.candidates.histories import UserHistories
from recommender.serving.candidates.loaded_release import LoadedModel, live
from recommender.serving.candidates.rankings import Ranked
from recommender.serving.candidates.vectors import GENERATION, Built, build, content_model, fitted
from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.reloading import Reloading

MOST = 2_000
"""The newest items that are considered: each list is compared with all of them."""

NO_TASTE = np.empty(0, np.float32)


@dataclass(frozen=True, eq=False)
class NewItems:
    """Hold the vectors (n, d) of items that a release's content model has never seen."""

    version: int | None = None
    ids: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    vectors: FloatArray = field(default_factory=lambda: np.empty((0, 0), np.float32))


NO_NEW_ITEMS = NewItems()


@dataclass(frozen=True, eq=False)
class Placed:
    """Hold those of the new items that a catalogue of so many rows has: rows (n,) and vectors (n, d)."""

    items: NewItems
    n_rows: int
    rows: IntArray
    vectors: FloatArray


def load_new_items(context: ServingContext) -> NewItems:
    """Return the new items of the context's release; none while the database is down and they were never read."""
    found = content_model(context.release)
    if found is None:
        return NO_NEW_ITEMS
    try:
        held = _copy.current()
        if held.version != found[0] and context.is_live:
            _copy.forget()
            held = _copy.current()
        if held.version != found[0] and not context.is_live:
            held = _built(context, *found).copy.current()
    except DatabaseDown:
        return NO_NEW_ITEMS
    return held if held.version == found[0] else NO_NEW_ITEMS


class _Built:
    """Build the vectors of new items for a release that is not live: no table has them, so each is built here, once."""

    def __init__(self, version: int, model: VectorModel) -> None:
        self._version, self._model = version, model
        self._known: Built = {}
        self.copy = Reloading(GENERATION, self._read)

    def _read(self) -> NewItems:
        last = int(self._model.item_ids.ids[-1]) if len(self._model.item_ids) else 0
        self._known = build(self._model, last, MOST, self._known)
        described = [(pk, vector) for pk, (_, vector) in sorted(self._known.items(), key=itemgetter(0)) if vector.any()]
        if not described:
            return NewItems(self._version)
        pks, found = zip(*described, strict=True)
        return NewItems(self._version, np.array(pks), np.array(found, np.float32))


def _built(context: ServingContext, version: int, model: VectorModel) -> _Built:
    held: _Built = context.derived.setdefault(_Built, _Built(version, model))
    return held


def vectors(context: ServingContext, rows: IntArray) -> FloatArray:
    """Return the vectors (n, d) of items at rows of the catalogue; 0 where none is known."""
    found = content_model(context.release)
    if found is None:
        return np.zeros((len(rows), 1), np.float32)
    model, new, ids = found[1], load_new_items(context), context.catalogue.ids[rows]
    known = model.item_ids.rows(ids)
    out: FloatArray = fitted(np.where((known != UNKNOWN)[:, None], model.vectors[known], 0))
    if len(new.ids):
        place = np.minimum(np.searchsorted(new.ids, ids), len(new.ids) - 1)
        is_new = new.ids[place] == ids
        out[is_new] = new.vectors[place[is_new]]
    return out


def insert_new_items(context: ServingContext, own: Ranked, taste: FloatArray, leader: str) -> Ranked:
    """Insert new items into a ranking that `leader` has made, where their scores put them.

    Those that would come after its last item are left out, so that the head of a longer ranking is the same.
    """
    if not len(taste) or not taste[-2] or not len((new := _placed(context)).rows):
        return own
    fills = np.flatnonzero((own.sources != SOURCES.index(leader)) & (own.sources != SOURCES.index(FOLD_IN)))
    n_own = int(fills[0]) if len(fills) else len(own)
    head = own.take(slice(n_own))
    scores = (new.vectors @ taste[:-2]) * taste[-2] + taste[-1]
    worthy = scores > (head.scores[-1] if len(head) else np.inf)
    if not worthy.any():
        return own
    rows = new.rows[worthy]
    mine = Ranked(rows, scores[worthy].astype(np.float32), np.full(len(rows), SOURCES.index(CONTENT), np.uint8))
    both = head.concat(mine)
    merged = both.take(np.argsort(-both.scores, kind="stable"))
    if n_own == len(own):
        return merged
    rest = own.take(slice(n_own, None))
    return merged.concat(rest.take(~np.isin(rest.rows, rows)))


def _placed(context: ServingContext) -> Placed:
    """Return the new items by the rows of the context's catalogue, available or not."""
    new, held, n_rows = load_new_items(context), context.derived.get(Placed), len(context.catalogue)
    if held is None or held.items is not new or (held.n_rows != n_rows and len(held.rows) < len(new.ids)):
        rows = context.rows(new.ids)
        there = rows != UNKNOWN
        held = context.derived[Placed] = Placed(new, n_rows, rows[there], new.vectors[there])
    return held


def tastes(context: ServingContext, member: LoadedModel, known: UserHistories, folded: Mask) -> FloatArray:
    """Return the tastes (m, d + 2) of users whose lists `member` has made, `folded` (m,) from their latest events.

    The last two columns are the slope and the intercept of the line; 0 where the model doesn't use content. A row is 0
    where nothing is known of the user. Without a content model the shape is (m, 0). Raises DatabaseDown.
    """
    found = content_model(context.release)
    if found is None:
        return np.empty((len(folded), 0), np.float32)
    model = found[1]
    rows = model.user_ids.rows(known.user_pks)
    unknown = folded | (rows == UNKNOWN)
    directions = np.zeros((len(folded), model.vectors.shape[1]), np.float32)
    activity = np.zeros(len(folded), np.int64)
    if not unknown.all():
        directions[~unknown], activity[~unknown] = model.tastes_of(model.profiles[rows[~unknown]])
    if unknown.any():
        profiles = known.take(unknown).over(model.item_ids).profiles
        directions[unknown], activity[unknown] = model.tastes_of(profiles)
    slope, intercept = _line(member, model, directions, activity)
    return np.column_stack([fitted(directions), slope, intercept]).astype(np.float32)


def _line(
    member: LoadedModel, model: VectorModel, directions: FloatArray, activity: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the line from a cosine to the model's score: slopes and intercepts (m,)."""
    nothing = np.zeros(len(directions), np.float32)
    if isinstance(member.model, VectorModel):
        return nothing + 1, nothing
    if not isinstance(member.model, HybridModel) or CONTENT not in member.model.sources:
        return nothing, nothing
    mean, spread = model.spread_of(directions)
    slope = (member.model.weight_of(CONTENT, activity) / np.maximum(spread, 1e-9)).astype(np.float32)
    return slope, -slope * mean


def forget() -> None:
    """Start again with nothing read, for tests."""
    _copy.forget()


def _read() -> NewItems:
    found = content_model(live())
    if found is None:
        return NO_NEW_ITEMS
    version, model = found
    last = int(model.item_ids.ids[-1]) if len(model.item_ids) else 0
    after = ItemEmbedding.objects.filter(model_version=version, item_id__gt=last).order_by("-item_id")
    rows = database.ask(lambda: list(after.values_list("item_id", "vector")[:MOST]))[::-1]
    if not rows:
        return NewItems(version)
    return NewItems(version, np.array([pk for pk, _ in rows]), np.array([vector for _, vector in rows], np.float32))


_copy = Reloading(GENERATION, _read)
