"""Say in sentences what an import did."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path

from catalog.importers.rows import MOST_REPEATS, Rejected
from catalog.upserts import Upserted


@dataclass(frozen=True)
class Counts:
    """Count what became of some lines. `rows` are the readable ones: users, items and events."""

    rows: int = 0
    stored: int = 0
    changed: int = 0
    """Events that were stored by an earlier import and have another value now."""
    repeated: int = 0
    """Ratings that a later line of the same file gives again."""
    duplicates: int = 0
    rejected: int = 0
    unknown_items: int = 0
    """Rejected lines that name an item which is in no file and not in the catalogue."""
    opted_out: int = 0
    """Events of users who opted out before they happened."""
    capped: int = 0
    """Lines with a count that is cut to MOST_REPEATS events."""
    placeholders: int = 0
    """Those of the new items that were made for the ids of events."""
    users: Upserted = field(default_factory=Upserted)
    items: Upserted = field(default_factory=Upserted)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def used(self) -> int:
        """Return how many rows were of use, new or not."""
        return (
            self.stored
            + self.changed
            + self.duplicates
            + self.opted_out
            + sum(upserted.added + upserted.changed for upserted in (self.users, self.items))
        )


@dataclass
class ImportReport:
    """Describe what an import did, or what a check found to read."""

    location: str
    is_check: bool = False
    finished_before: datetime | None = None
    """When this very file was imported already; nothing was done then."""
    goes_on: bool = False
    """True where it went on from the place at which an earlier import of this file had stopped."""
    counts: Counts = field(default_factory=Counts)
    rejected_path: Path | None = None
    first_rejected: Rejected | None = None
    rating_type: str = ""
    undated_at: datetime | None = None
    """The date that was given to events without one."""
    notes: list[str] = field(default_factory=list)
    """Sentences of the reader of the files."""
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    """How many lines were rejected for which reason, the ids and numbers left out."""

    @property
    def found_nothing(self) -> bool:
        """Return True where there was nothing to use in the files."""
        return not (self.finished_before or self.goes_on or (self.counts.rows if self.is_check else self.counts.used))

    def __str__(self) -> str:
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.finished_before:
            yield f"{self.location} was imported on {self.finished_before:%Y-%m-%d %H:%M} UTC, so nothing was done."
            yield "--no-resume reads it again."
            return
        if self.is_check:
            yield f"{self.location} has {_count(self.counts.rows, 'readable row')}. Nothing was stored."
            if self.counts.used:
                yield f"An import would bring {self._what_is_told()}."
        else:
            yield self._what_was_done()
        if self.counts.rejected:
            yield f"{_count(self.counts.rejected, 'line')} rejected: {self.rejected_path} says why{self._first()}."
        if self.counts.unknown_items:
            yield (
                f"{_count(self.counts.unknown_items, 'line')} of them named an unknown item: import a file of items, "
                "or set UNKNOWN_ITEM_POLICY=placeholder, which makes items of the ids."
            )
        if self.counts.repeated:
            yield f"{_count(self.counts.repeated, 'rating')} given again further down: the last line counts."
        if self.counts.capped:
            yield (
                f"{_count(self.counts.capped, 'line')} with a count of more than {MOST_REPEATS}: each was taken for "
                f"{MOST_REPEATS} events."
            )
        if self.counts.opted_out:
            yield f"{_count(self.counts.opted_out, 'event')} of users who opted out were left out."
        if self.counts.placeholders:
            yield (
                f"{_count(self.counts.placeholders, 'item')} made for ids that nothing describes: they are recommended "
                "with the id for a title. Import a file of items to describe them; hide them in the admin (Items)."
            )
        yield from self.notes
        if self.undated_at:
            yield f"Events without a time are dated {self.undated_at:%Y-%m-%d} and marked as undated."

    def _first(self) -> str:
        if self.first_rejected is None:
            return ""
        part, line, reason, _ = self.first_rejected
        return f", such as line {line} of {part}: {reason}"

    def _what_was_done(self) -> str:
        rate = f" ({self.counts.rows / self.seconds:,.0f} rows/s)" if self.seconds else ""
        went = "Went on with" if self.goes_on else "Imported"
        return f"{went} {self.location} in {self.seconds:.0f} s{rate}: {self._what_is_told('stored')}."

    def _what_is_told(self, stored: str = "to store") -> str:
        counts = self.counts
        return (
            f"{_count(counts.stored, 'event')} {stored}, {counts.changed:,} changed, "
            f"{counts.duplicates:,} known already; "
            f"items: {counts.items.added:,} new, {counts.items.changed:,} changed; "
            f"users: {counts.users.added:,} new, {counts.users.changed:,} changed"
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
