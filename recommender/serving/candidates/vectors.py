"""Store and search the vectors of items by content, in PostgreSQL with pgvector.

Vectors of two model versions never mix: a refit turns the space. Those of the live version are kept, and built anew
where an item has none or has changed since.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from pgvector.django import CosineDistance

from catalog.models import Item, ItemEmbedding
from recommender.cache import SOURCES
from recommender.engine import tokens
from recommender.engine.algorithms.content import vectors_of
from recommender.engine.forms.hybrid import HybridModel
from recommender.engine.forms.vectors import VectorModel
from recommender.engine.types import UNKNOWN, CannotFit, FloatArray, Tokens
from recommender.serving.candidates.context import CONTENT, ServingContext
from recommender.serving.candidates.loaded_release import LoadedRelease, live
from recommender.serving.candidates.rankings import NO_ITEMS, Ranked
from recsite.platform import database, generations

logger = logging.getLogger(__name__)

GENERATION = "item-vectors"
"""The generation that rises when items get vectors between two trainings."""

BLOCK = 2_000
FIELDS = ("pk", "title", "description", "categories", "tags", "features")
SWEEP_EVERY = timedelta(hours=1)
LATE = timedelta(minutes=5)
"""How long a transaction may take that changes an item: its `updated_at` is from before the commit."""


class Sweep(NamedTuple):
    """Note when the catalogue was last looked at for items without vectors, and when as a whole."""

    at: datetime
    whole_at: datetime


_sweeps: dict[int, Sweep] = {}
"""By the model version that describes items; only the live one is kept."""

SEARCH_ON = """
SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true) FROM pg_extension
WHERE extname = 'vector' AND string_to_array(extversion, '.')::int[] >= '{0,8}'
"""
"""Has the index go on until enough rows pass, where pgvector can (0.8 and later)."""

LARGEST_SEARCH = 1_000
"""The most neighbours that an HNSW index can be asked for."""


def content_model(release: LoadedRelease) -> tuple[int, VectorModel] | None:
    """Return the model by content, and its version: a member of its own, or the hybrid's source."""
    for member in release.members.values():
        own = member.model.sources.get(CONTENT) if isinstance(member.model, HybridModel) else member.model
        if isinstance(own, VectorModel):
            return member.version, own
    return None


def refresh() -> int:
    """Bring the stored vectors up to date with the live release and the catalogue; return the number built.

    The whole catalogue is compared once an hour and after a promotion; in between, only items changed since the last
    call are read, by the index on `updated_at`.
    """
    found = content_model(live())
    if found is None:
        return 0
    version, model = found
    now, swept = timezone.now(), _sweeps.get(version)
    if swept is None or now - swept.whole_at > SWEEP_EVERY:
        ItemEmbedding.objects.exclude(model_version=version).delete()
        items, whole_at = Item.objects.all(), now
    else:
        items, whole_at = Item.objects.filter(updated_at__gte=swept.at - LATE), swept.whole_at
    current = ItemEmbedding.objects.filter(model_version=version, item__in=items, made_at__gte=F("item__updated_at"))
    made = _embed(version, model, items.exclude(pk__in=current.values("item")))
    _sweeps.clear()
    _sweeps[version] = Sweep(now, whole_at)
    if made:
        generations.bump(GENERATION)
    return made


def forget() -> None:
    """Start again without having compared anything, for tests."""
    _sweeps.clear()


def on_saved(items: Collection[int]) -> None:
    """Build the vectors of items (internal ids) that were added or changed, at once. For ITEM_SINKS."""
    if found := content_model(live()):
        _embed(*found, Item.objects.filter(pk__in=items))
    # A release that is not live may be held as well, and know what is new.
    generations.bump(GENERATION)


Built = dict[int, tuple[datetime, FloatArray]]
"""By internal id: when the item was changed last, and its vector (d,)."""


def build(model: VectorModel, after: int, most: int, known: Built) -> Built:
    """Return vectors of the newest items beyond an internal id, without storing them; those `known` are taken over.

    For models that are not live, whose vectors no table has. Raises DatabaseDown.
    """
    newest = Item.objects.filter(pk__gt=after).order_by("-pk").values_list("pk", "updated_at")
    changed = dict(database.ask(lambda: list(newest[:most])))
    found = {pk: one for pk, one in known.items() if changed.get(pk) == one[0]}
    missing = Item.objects.filter(pk__in=changed.keys() - found.keys())
    for block in database.ask(lambda: list(_blocks(missing))):
        vectors = fitted(_described(model, [tokens.tokens(*fields) for _, *fields in block]))
        found |= {pk: (changed[pk], vector) for (pk, *_), vector in zip(block, vectors, strict=True)}
    return found


def by_content(context: ServingContext, row: int, n: int) -> Ranked:
    """Rank the n available items nearest to the one at `row` of the catalogue, none below SIMILARITY_THRESHOLD.

    Raises DatabaseDown.
    """
    found = content_model(context.release)
    if found is None:
        return NO_ITEMS
    version, model = found
    near = database.ask(lambda: _near(version, model, int(context.catalogue.ids[row]), n))
    if settings.SIMILARITY_THRESHOLD:
        near = [(pk, similarity) for pk, similarity in near if similarity >= settings.SIMILARITY_THRESHOLD]
    rows = context.rows([pk for pk, _ in near])
    ranked = Ranked(
        rows, np.array([similarity for _, similarity in near], np.float32), np.full(len(near), _SOURCE, np.uint8)
    )
    return ranked.take((rows != UNKNOWN) & context.catalogue.available[rows])


_SOURCE = SOURCES.index(CONTENT)


def _near(version: int, model: VectorModel, item: int, n: int) -> list[tuple[int, float]]:
    """Return internal ids and cosines, the nearest first."""
    vector = _vector(version, model, item)
    if vector is None or not vector.any():
        return []
    distance = CosineDistance("vector", vector.tolist())
    others = ItemEmbedding.objects.filter(model_version=version).exclude(item=item)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Without it the index looks at 40 items, whatever the limit.
            cursor.execute("SELECT set_config('hnsw.ef_search', %s, true)", [str(min(max(n, 40), LARGEST_SEARCH))])
            # Without it vectors of another version, which are struck out afterwards, may be all that the index finds.
            cursor.execute(SEARCH_ON)
        found = others.annotate(distance=distance).order_by("distance").values_list("item_id", "distance")[:n]
        # The index goes on in an order that is nearly that of the distance.
        return [(pk, 1 - away) for pk, away in sorted(found, key=lambda one: one[1])]


def _vector(version: int, model: VectorModel, item: int) -> FloatArray | None:
    """Return the stored vector of an item, or build it; None where there is no such item."""
    stored = ItemEmbedding.objects.filter(model_version=version, item=item, made_at__gte=F("item__updated_at")).first()
    if stored:
        return np.asarray(stored.vector, np.float32)
    for ((_, *fields),) in _blocks(Item.objects.filter(pk=item)):
        return fitted(_described(model, [tokens.tokens(*fields)]))[0]
    return None


def _embed(version: int, model: VectorModel, items: QuerySet[Item]) -> int:
    made = 0
    for block in _blocks(items):
        vectors = fitted(_described(model, [tokens.tokens(*fields) for _, *fields in block]))
        rows = [
            ItemEmbedding(item_id=pk, model_version=version, vector=vector.tolist())
            for (pk, *_), vector in zip(block, vectors, strict=True)
            if vector.any()
        ]
        ItemEmbedding.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["item", "model_version"],
            update_fields=["vector", "made_at"],
        )
        made += len(rows)
    return made


def _described(model: VectorModel, items: Sequence[Tokens]) -> FloatArray:
    """Return vectors (n, d); 0 where the model's sentence encoder is not installed."""
    try:
        return vectors_of(model, items)
    except CannotFit as missing:
        logger.error("%d items get no vectors. %s", len(items), missing)
        return np.zeros((len(items), model.vectors.shape[1]), np.float32)


def _blocks(items: QuerySet[Item]) -> Iterator[list[Any]]:
    """Yield blocks of rows with FIELDS."""
    rows = items.order_by("pk").values_list(*FIELDS).iterator(chunk_size=BLOCK)
    while block := list(islice(rows, BLOCK)):
        yield block


def fitted(vectors: FloatArray) -> FloatArray:
    """Bring vectors to the table's dimension: padded with zeros, or cut."""
    n = settings.FEATURE_VECTOR_DIMENSION
    return np.pad(vectors[:, :n], ((0, 0), (0, max(n - vectors.shape[1], 0))))
