"""A catalogue as tests compare it: by outside ids, so that it doesn't matter at which row an item is."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from catalog.expressions import parse
from catalog.snapshot import Snapshot, advancing, building, mask
from catalog.snapshot.base import NO_DATE, Base
from catalog.snapshot.changes import Changes, Position, Record

EXPRESSIONS = (
    "price < 10 and not features.used == true",
    'creator != "Jane Austen" or features."page count" in (320, 321)',
    'features.sizes == "XL" and features.sizes > 39.5 and category == "Novels"',
    'features.note is not missing and tags has none ("x", "z") or features.year == 1815',
    "features.vector is missing and features.deep is not missing and age_days > 10 or published_at < 2020-01-03",
)
NOWHERE = Position("", 0, (), 0.0)


def record(pk: int, **fields: Any) -> Record:
    """An item without anything but its ids."""
    plain = Record(pk, str(pk), "", "", (), (), "", "", NO_DATE, 0, True, -np.inf, np.inf)
    return plain._replace(**fields)


def made(records: Iterable[Record]) -> Snapshot:
    """A catalogue of these items, in this order, without a database."""
    nothing = Snapshot.of(Base.of(building.build([], building.InMemory())), 0.0)
    return advancing.patched(nothing, Changes(NOWHERE, list(records), []))


def described(catalogue: Snapshot) -> dict[str, Any]:
    """All that is known of each item that exists."""
    rows = np.flatnonzero(catalogue.exists).tolist()
    found = {}
    for row in rows:
        record = catalogue.record(row)
        assert (catalogue.ids[row], catalogue.item_ids[row]) == (record.pk, record.item_id)
        assert (catalogue.titles[row], catalogue.creators[row]) == (record.title, record.creator)
        assert (catalogue.categories[row], catalogue.tags[row]) == (record.categories, record.tags)
        assert catalogue.item_types[row] == record.item_type
        assert (catalogue.published[row], catalogue.added[row]) == (record.published, record.added)
        assert catalogue.features[row] == record.features
        assert catalogue.row_of(record.item_id) == row
        variants = catalogue.with_variants(np.array([row]))
        found[record.item_id] = (record, bool(catalogue.available[row]), called(catalogue, variants))
    assert catalogue.rows(catalogue.ids[rows]).tolist() == rows
    return found


def called(catalogue: Snapshot, rows: Iterable[int]) -> set[str]:
    return {catalogue.item_ids[row] for row in rows if catalogue.exists[row]}


def marked(catalogue: Snapshot, mask: Any) -> set[str]:
    return called(catalogue, np.flatnonzero(mask).tolist())


def summed_up(catalogue: Snapshot) -> dict[str, Any]:
    """All that is said of the whole, filters included."""
    filters: list[dict[str, Any]] = [
        *({"categories": [name]} for name in ("Novels", "Poetry", "Drama", "Nothing")),
        {"tags": ["x", "y"]},
        {"item_type": "book"},
        {"categories": ["Novels", "Drama"], "tags": ["x"], "item_type": "film"},
    ]
    found = [catalogue.filtered(**wanted) for wanted in filters]
    assert [one.count for one in found] == [catalogue.count_distinct(one.mask) for one in found]
    found += [mask(catalogue, parse(text)) for text in EXPRESSIONS]
    assert catalogue.available_count == catalogue.count_distinct(catalogue.available)
    return {
        "count": catalogue.count,
        "available": (marked(catalogue, catalogue.available), catalogue.available_count),
        "filters": [(marked(catalogue, one.mask), one.count) for one in found],
        "counts": dict(catalogue.category_counts()),
        "names": (catalogue.category_names, catalogue.type_names),
    }
