"""Turn filter expressions into masks: columns of the base as arrays, the rows that changed since one by one.

A mask is kept with its snapshot, and patched in the rows that change. What depends on an item's age is made anew each
minute; a column is read off the base, which processes share, for the mask alone.
"""

import math
import operator
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.expressions import Context, Expression, bind
from catalog.expressions.binding import holds, literals, of_kind
from catalog.expressions.properties import AGE_DAYS, Kind, Property
from catalog.expressions.tree import (
    And,
    Compare,
    Constant,
    Flag,
    Literal,
    Missing,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
    properties_of,
)
from catalog.snapshot import filters
from catalog.snapshot.base import NO_DATE, Base, Labels, Mask, Rows
from catalog.snapshot.changes import Record
from catalog.snapshot.features import FALSE, TRUE
from catalog.snapshot.filters import MOST, Filter, Filtered
from catalog.snapshot.state import State

DAY, MINUTE = 86_400, 60
clock = time.time
NO_FILTER = Filter(frozenset(), frozenset(), "")
PRICE = "price"
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, eq=False, slots=True)
class Kept:
    """Hold a mask, and the minute for which it holds; None where time changes nothing."""

    filtered: Filtered
    minute: int | None


def mask(
    snapshot: State, expression: Expression, context: Context | None = None, beside: Filter = NO_FILTER
) -> Filtered:
    """Return the available items of which the expression is true, and their count; those that pass `beside` alone.

    An age is that of the end of the running minute. The mask is not to be written to: it is kept for others.
    """
    node = bind(expression, context or Context())
    if isinstance(node, Constant):
        return _constant(snapshot, node, beside)
    minute = int(clock() // MINUTE) if AGE_DAYS in properties_of(node) else None
    kept = snapshot.lineage.derive(
        ("expression", node, beside),
        snapshot,
        partial(_made, snapshot, node, beside, minute),
        partial(_patched, snapshot, node, beside),
        lambda value: value.minute == minute,
    )
    return kept.filtered


def _constant(snapshot: State, node: Constant, beside: Filter) -> Filtered:
    if not node.value:
        return Filtered(np.zeros(len(snapshot), bool), 0)
    if any(beside):
        return filters.filtered(snapshot, beside)
    return Filtered(snapshot.available, snapshot.available_count)


def _made(snapshot: State, node: Node, beside: Filter, minute: int | None) -> Kept:
    before, base, now = _constant(snapshot, Constant(True), beside).mask, snapshot.base, _end_of(minute)
    found = np.zeros(len(snapshot), bool)
    found[: len(base)] = before[: len(base)] & _on_base(node, base, now)
    if records := snapshot.records:
        rows = np.fromiter(records, np.int64, len(records))
        passing = np.fromiter((_passes(node, record, now) for record in records.values()), bool, len(records))
        found[rows] = passing & before[rows]
    return Kept(filters.frozen(snapshot, found), minute)


def _patched(snapshot: State, node: Node, beside: Filter, old: Kept, rows: Rows) -> Kept | None:
    if len(rows) > MOST:
        return None
    now = _end_of(old.minute)
    found = np.zeros(len(snapshot), bool)
    found[: len(old.filtered.mask)] = old.filtered.mask
    records = map(snapshot.record, rows.tolist())
    passing = (beside.passes(record) and _passes(node, record, now) for record in records)
    found[rows] = np.fromiter(passing, bool, len(rows)) & snapshot.available[rows]
    return Kept(filters.frozen(snapshot, found), old.minute)


def _end_of(minute: int | None) -> int:
    return 0 if minute is None else (minute + 1) * MINUTE


def _on_base(node: Node, base: Base, now: int) -> Mask:
    """Mark the rows of the base (n_rows of it,) of which an expression is true."""
    if isinstance(node, Not):
        return ~_on_base(node.part, base, now)
    if isinstance(node, And):
        return reduce(operator.iand, (_on_base(part, base, now) for part in node.parts))
    if isinstance(node, Or):
        return reduce(operator.ior, (_on_base(part, base, now) for part in node.parts))
    if isinstance(node, Missing):
        return ~_is_there(node.property, base, now)
    if isinstance(node, Compare) and not isinstance(node.values, Property):
        return _compared(node.property, node.operator, node.values, base, now)
    return np.full(len(base), isinstance(node, Constant) and node.value)


def _compared(one: Property, sign: str, values: tuple[Literal, ...], base: Base, now: int) -> Mask:
    texts = [value.value for value in values if isinstance(value, Text)]
    if labels := _labels(one, base):
        return _marked(base, *(labels.rows_of(labels.names.find(text)) for text in texts))
    if one.name == "item_id":
        return _marked(base, np.array([row for row in map(base.item_ids.find, texts) if row >= 0], np.int64))
    if one.name == "creator":
        # An empty text stands for no creator.
        return _marked(base, base.creators.rows_of(filter(None, texts)))
    if one.name == "published_at":
        return _within(base.published, sign, values)
    if one == AGE_DAYS:
        return _ordered(_ages(base, now), sign, values)
    return _of_feature(base, one.key or one.name, sign, values)


def _of_feature(base: Base, name: str, sign: str, values: tuple[Literal, ...]) -> Mask:
    """Compare the values of a feature; `price` is one whose numbers alone count."""
    its, features = base.features.entries(name), base.features
    rows, found = features.rows[its], []
    if any(isinstance(value, Number) for value in values):
        found.append(rows[_ordered(features.numbers[its], sign, values)])
    if texts := [value.value for value in values if isinstance(value, Text)]:
        found.append(features.rows_of_texts(name, texts))
    found += [rows[features.lengths[its] == (TRUE if one.value else FALSE)] for one in values if isinstance(one, Flag)]
    return _marked(base, *found)


def _is_there(one: Property, base: Base, now: int) -> Mask:
    """Mark the rows where a property has a value."""
    if labels := _labels(one, base):
        there: Mask = np.diff(labels.starts) > 0
        return there
    if one.name == "item_id":
        return np.ones(len(base), bool)
    if one.name == "creator":
        return base.creators.lengths() > 0
    if one.name == "published_at":
        return base.published != NO_DATE
    if one == AGE_DAYS:
        return ~np.isnan(_ages(base, now))
    its = base.features.entries(one.key or one.name)
    rows = base.features.rows[its]
    return _marked(base, rows if one.key else rows[~np.isnan(base.features.numbers[its])])


def _labels(one: Property, base: Base) -> Labels | None:
    return {"category": base.categories, "tags": base.tags, "item_type": base.item_types}.get(one.name)


def _marked(base: Base, *rows: Rows) -> Mask:
    found = np.zeros(len(base), bool)
    for some in rows:
        found[some] = True
    return found


def _ordered(numbers: NDArray[np.float64], sign: str, values: tuple[Literal, ...]) -> Mask:
    """Compare numbers (n,) with any of the values; NaN is none."""
    compare = OPERATORS[sign]
    wanted = [compare(numbers, value.value) for value in values if isinstance(value, Number)]
    return reduce(operator.ior, wanted) if wanted else np.zeros(len(numbers), bool)


def _within(seconds: NDArray[np.int64], sign: str, values: tuple[Literal, ...]) -> Mask:
    """Compare times (n,) with any of the values; NO_DATE is none."""
    found = np.zeros(len(seconds), bool)
    for value in values:
        if isinstance(value, Moment):
            low = {"==": value.start, ">=": value.start, ">": value.end}.get(sign, NO_DATE + 1)
            high = {"==": value.end, "<": value.start, "<=": value.end}.get(sign, np.iinfo(np.int64).max)
            found |= (seconds >= low) & (seconds < high)
    return found


def _ages(base: Base, now: int) -> NDArray[np.float64]:
    """Return the age of each row in whole days; NaN before it is published."""
    age = now - np.where(base.published != NO_DATE, base.published, base.added)
    days = (age // DAY).astype(np.float64)
    days[age < 0] = math.nan
    return days


def _passes(node: Node, record: Record, now: int) -> bool:
    """Tell if an expression is true of one item."""
    return holds(node, partial(_values, record, now))


def _values(record: Record, now: int, one: Property) -> tuple[Literal, ...]:
    if one.key:
        return literals([value for name, value in record.features if name == one.key])
    if one.name == PRICE:
        return of_kind(literals([value for name, value in record.features if name == PRICE]), Kind.NUMBER)
    if one == AGE_DAYS:
        age = now - (record.added if record.published == NO_DATE else record.published)
        return (Number(float(age // DAY)),) if age >= 0 else ()
    if one.name == "published_at":
        at = record.published
        return () if at == NO_DATE else (Moment(at, at + 1),)
    if one.name in ("category", "tags"):
        return tuple(map(Text, record.categories if one.name == "category" else record.tags))
    if one.name == "item_id":
        return (Text(record.item_id),)
    text = record.item_type if one.name == "item_type" else record.creator
    return (Text(text),) if text else ()


def price_of(snapshot: State, row: int) -> float | None:
    """Return the price of an item; None where it has none."""
    found = literals([value for name, value in snapshot.features[row] if name == PRICE])
    return next((value.value for value in found if isinstance(value, Number)), None)
