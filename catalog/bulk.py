"""Load many items or users at once: each row creates one or changes the fields that it names, and fails alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.db import DataError, connection, transaction

from catalog import erasure, fields, merging, snapshot, store, upserts
from catalog.fields import Field
from catalog.ids import MAX_ID_LENGTH, is_reserved, reserved_reason
from catalog.models import EndUser, Item
from catalog.validation import Id
from recsite.platform import audit, ndjson
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid
from recsite.platform.parsers import strict_json
from recsite.platform.request_fields import NEEDED

BATCH_ROWS = 2_000
BATCH_BYTES = 16 * 1024 * 1024
"""One batch is one transaction: short locks, and memory that doesn't grow with the number of rows."""

CREATED, UPDATED, UNCHANGED, REFUSED, ERASED = STATUSES = "created", "updated", "unchanged", "refused", "erased"
SENTENCES = {ERASED: erasure.SENTENCE, REFUSED: merging.SENTENCE}
"""Of users whose ids can't be used."""

TOO_LONG = {"body": f"A line has at most {ndjson.LINE_BYTES:,} bytes."}
NOT_STORABLE = {"body": "The database can't store this row."}


@dataclass(slots=True)
class Row:
    """Hold a row, what it says, and what became of it."""

    number: int
    """From 1; in lines of JSON, the line's number."""
    id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    status: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    def refuse(self, errors: Mapping[str, str], status: str = REFUSED) -> None:
        """Note what is wrong with it, by field."""
        self.status, self.errors = status, errors

    def as_json(self, id_name: str) -> dict[str, Any]:
        """Return the row as the answer tells it."""
        errors = {"errors": dict(self.errors)} if self.errors else {}
        return {"row": self.number, id_name: self.id or None, "status": self.status, **errors}


@dataclass(frozen=True)
class Kind:
    """Hold what differs between loading items and loading users."""

    name: str
    fields: Mapping[str, Field]
    write: Callable[[Sequence[Mapping[str, Any]]], dict[str, str]]
    """Write rows that differ in their ids, in a transaction; return the status of each id that is not unchanged."""
    check: Callable[[Sequence[Row]], None]
    """Refuse rows that contradict what is stored, in the same transaction."""

    @property
    def id_name(self) -> str:
        return f"{self.name}_id"


def load_values(kind: Kind, raws: Sequence[Any], actor: Actor) -> list[Row]:
    """Load the elements of a list of JSON; return what became of each, in their order."""
    rows = [_row(kind, number, raw) for number, raw in enumerate(raws, 1)]
    for start in range(0, len(rows), BATCH_ROWS):
        _load(kind, rows[start : start + BATCH_ROWS], actor)
    return rows


def load_lines(kind: Kind, lines: Iterable[tuple[int, bytes | None]], actor: Actor) -> Iterator[list[Row]]:
    """Load lines of JSON, batch by batch; yield what became of each batch, in the order of the lines."""
    for batch in _batches(lines):
        rows = [_row_of_line(kind, number, line) for number, line in batch]
        _load(kind, rows, actor)
        yield rows


def analyze() -> None:
    """Refresh the statistics of PostgreSQL's planner after many rows: without them a search reads the whole table."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE catalog_item, catalog_itemsearch, catalog_enduser")


def count(rows: Iterable[Row]) -> Counter[str]:
    """Count rows by what became of them."""
    return Counter(row.status for row in rows)


def _batches(lines: Iterable[tuple[int, bytes | None]]) -> Iterator[list[tuple[int, bytes | None]]]:
    batch, size = list[tuple[int, bytes | None]](), 0
    for number, line in lines:
        batch.append((number, line))
        size += len(line or b"")
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _row_of_line(kind: Kind, number: int, line: bytes | None) -> Row:
    if line is None:
        return Row(number, status=REFUSED, errors=TOO_LONG)
    try:
        return _row(kind, number, strict_json(line))
    except ValueError as error:
        return Row(number, status=REFUSED, errors={"body": str(error).replace("The body", "The line")})


def _row(kind: Kind, number: int, raw: Any) -> Row:
    row = Row(number)
    try:
        values = fields.read(kind.fields, raw, {kind.id_name: ID})
        if kind.id_name not in values:
            raise Invalid({kind.id_name: NEEDED})
        row.id, row.values = values.pop(kind.id_name), values
    except Invalid as wrong:
        row.refuse(wrong.errors)
        if isinstance(raw, dict) and isinstance(said := raw.get(kind.id_name), str):
            row.id = said[:MAX_ID_LENGTH]
    return row


def _load(kind: Kind, rows: Sequence[Row], actor: Actor) -> None:
    """Load a batch; where the database can't store a row, the others are loaded without it."""
    good = [row for row in rows if not row.status]
    try:
        with transaction.atomic():
            _write(kind, good, actor)
    except DataError:
        for row in good:
            row.status, row.errors = "", {}
        if len(good) == 1:
            return good[0].refuse(NOT_STORABLE)
        for half in (good[: len(good) // 2], good[len(good) // 2 :]):
            _load(kind, half, actor)
    return None


def _write(kind: Kind, rows: Sequence[Row], actor: Actor) -> None:
    kind.check(rows)
    by_id = {
        row_id: [*same] for row_id, same in groupby(sorted((row for row in rows if not row.status), key=_id), key=_id)
    }
    if not by_id:
        return
    # Rows about one thing are applied in their order: each sets whole fields.
    merged = [
        {kind.id_name: row_id, **{name: value for row in same for name, value in row.values.items()}}
        for row_id, same in by_id.items()
    ]
    statuses = kind.write(merged)
    for row_id, same in by_id.items():
        status = statuses.get(row_id, UNCHANGED)
        for again, row in enumerate(same):
            # Only the first of several rows makes it.
            row.status = UPDATED if again and status == CREATED else status
            row.errors = {kind.id_name: SENTENCES[status]} if status in SENTENCES else {}
    counted = {name: number for name, number in Counter(statuses.values()).items() if name in (CREATED, UPDATED)}
    if counted:
        audit.record(actor, f"{kind.name}.upsert", f"{kind.name}s", f"{sum(counted.values()):,}", after=counted)


def _id(row: Row) -> str:
    return row.id


def _write_items(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    upserts.add_categories(name for row in rows for name in row.get("categories", ()))
    new, changed = upserts.write(upserts.ITEMS, rows, merges=False)
    if new or changed:
        snapshot.bump()
    return {**dict.fromkeys(new, CREATED), **dict.fromkeys(changed, UPDATED)}


def _write_users(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    new, changed = upserts.write(upserts.USERS, rows, merges=False)
    erased, merged = erasure.refuse(new), merging.refuse(new)
    if told := [*changed, *(user_id for user_id in new if user_id not in erased and user_id not in merged)]:
        store.tell_of_users(told)
    refused = {**dict.fromkeys(erased, ERASED), **dict.fromkeys(merged, REFUSED)}
    return {**dict.fromkeys(new, CREATED), **dict.fromkeys(changed, UPDATED), **refused}


def _check_items(rows: Sequence[Row]) -> None:
    """Refuse new items without a title or with a reserved id, and times of being available that contradict."""
    doubtful = [row for row in rows if _needs_a_look(row)]
    if not doubtful:
        return
    ids = {row.id for row in doubtful}
    locked = Item.objects.filter(item_id__in=ids).order_by("item_id").select_for_update()
    known = {item.item_id: item for item in locked.only("item_id", "available_from", "available_until")}
    made = {row.id for row in rows if "title" in row.values}
    for row in doubtful:
        item = known.get(row.id) or Item()
        for name in ("available_from", "available_until"):
            setattr(item, name, row.values.get(name, getattr(item, name)))
        if row.id not in known and is_reserved(row.id):
            row.refuse({"item_id": f"The id {reserved_reason(row.id)}."})
        elif row.id not in known and row.id not in made:
            row.refuse({"title": "It is needed: there is no such item yet."})
        elif item.ends_too_early:
            row.refuse({"available_until": fields.ENDS_TOO_EARLY})


def _needs_a_look(row: Row) -> bool:
    values = row.values
    return "title" not in values or "available_from" in values or "available_until" in values or is_reserved(row.id)


def _check_users(rows: Sequence[Row]) -> None:
    reserved = {row.id for row in rows if is_reserved(row.id)}
    known = set(EndUser.objects.filter(user_id__in=reserved).values_list("user_id", flat=True)) if reserved else set()
    for row in rows:
        if row.id in reserved - known:
            row.refuse({"user_id": f"The id {reserved_reason(row.id)}."})


ID = Id()
ITEMS = Kind("item", fields.ITEM, _write_items, _check_items)
USERS = Kind("user", fields.USER, _write_users, _check_users)
KINDS = {kind.name: kind for kind in (ITEMS, USERS)}
