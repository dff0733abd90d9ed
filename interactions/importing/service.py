"""Load data sets: users, items, events and the months they need, each batch in one transaction with its progress."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection, transaction
from psycopg.errors import DiskFull

from catalog import erasure, merging, opting_out, snapshot
from catalog.importers.rows import DataSet, UnreadableSource
from catalog.upserts import Upserted, upsert_items, upsert_users
from interactions import made_types, producers, reviews, types
from interactions.importing import runs
from interactions.importing.ahead import one_ahead
from interactions.importing.batches import Batch, EventPacker, batches, refused
from interactions.importing.foresight import Foresight
from interactions.importing.rejections import RejectedFile, erased_line, redact
from interactions.importing.report import Counts, ImportReport
from interactions.importing.scales import RATING, rating_type
from interactions.importing.statistics import Statistics, analyze_all
from interactions.models import ImportRun
from interactions.partitions import EVENTS, WITHOUT_ITEM
from interactions.schema import TypeRule
from interactions.staged_table import leave_out, leave_out_opted_out, leave_out_users, rename_users
from interactions.staging import Staging, in_table
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import UserFacingError
from recsite.platform.locks import exclusive
from recsite.platform.months import Month

BATCH_ROWS = 50_000
ACTOR = Actor.command("import_data")

Progress = Callable[[int, int, int], None]
"""Called after each batch with the bytes read, the bytes in all and the rows so far."""


class ImportStopped(UserFacingError):
    """Raised where an import breaks off; what was committed stays, and the same call goes on from there."""


def _silent(bytes_read: int, total_bytes: int, rows: int) -> None:
    pass


def check(data: DataSet, rejected: Path, *, batch_rows: int = BATCH_ROWS, progress: Progress = _silent) -> ImportReport:
    """Read everything, store nothing, and count what an import would do.

    Events of users who were erased or opted out are not told apart.

    Raises UnreadableSource where a file breaks off.
    """
    file = RejectedFile(rejected, goes_on=False)
    report = ImportReport(data.location, is_check=True, rejected_path=rejected, notes=data.notes)
    rating = TypeRule(RATING, (data.scale.minimum, data.scale.maximum))
    made = made_types.rules([one for one in data.new_types() if one.name not in types.rules()])
    packer = packer_of(data, rating, runs.undated_date(data.format), made)
    foresight = Foresight()
    report.reasons = file.reasons
    for batch in batches(data, packer, batch_rows, {}):
        lost, counts = foresight.of(batch)
        rejected_lines = [*batch.rejected, *(refused(batch.part, event) for event in lost)]
        file.write(rejected_lines)
        report.first_rejected = file.first
        report.counts += counts + Counts(
            rows=batch.n_rows, rejected=len(rejected_lines), unknown_items=len(lost), capped=batch.n_capped
        )
        progress(batch.bytes_read, data.total_bytes, report.counts.rows)
    return report


def load(
    data: DataSet,
    rejected: Path,
    *,
    resume: bool = True,
    batch_rows: int = BATCH_ROWS,
    progress: Progress = _silent,
    as_happened: bool = False,
    actor: Actor = ACTOR,
) -> ImportReport:
    """Import a data set, or the rest of it where an earlier import was cut short. Importing it twice changes nothing.

    With `as_happened` its events count as received when they happened: those of a log that is made up. Lines that can't
    be used go to the file `rejected`. Raises ImportStopped, and AlreadyRunning where the same file is being imported.
    """
    fingerprint = data.fingerprint()
    with exclusive(f"import {fingerprint}"):
        run = runs.begin(data, fingerprint, resume=resume)
        runs.note_rejected_file(run, rejected)
        if run.finished_at:
            return ImportReport(data.location, finished_before=run.finished_at)
        return _Import(data, run, rejected, as_happened, actor).work(batch_rows, progress)


def packer_of(data: DataSet, rating: TypeRule, undated_at: datetime, made: Mapping[str, TypeRule]) -> EventPacker:
    """Return a packer that stores the ratings of the data set under the type of the rule `rating`.

    `made` are rules of types that may be too new for this process to know them.
    """
    return EventPacker(data.source, {**types.rules(), **made, RATING: rating}, undated_at)


class _Import:
    """Do one run, and note how far it has come."""

    def __init__(self, data: DataSet, run: ImportRun, rejected: Path, as_happened: bool, actor: Actor) -> None:
        self.data, self.run, self.as_happened, self.actor = data, run, as_happened, actor
        self.done = dict(run.progress)
        self.file = RejectedFile(rejected, goes_on=bool(self.done))
        self.months: set[Month] = set()
        self.statistics = Statistics()
        self.undated_at = run.undated_at or runs.undated_date(data.format)
        self.rating = rating_type(data.scale).rule
        self.report = ImportReport(
            data.location,
            goes_on=bool(self.done),
            rejected_path=rejected,
            rating_type=self.rating.name,
            notes=data.notes,
            reasons=self.file.reasons,
        )

    def work(self, batch_rows: int, progress: Progress) -> ImportReport:
        started = time.monotonic()
        try:
            made = made_types.make(self.data.new_types(), actor=self.actor)
            packer = packer_of(self.data, self.rating, self.undated_at, made)
            for batch in one_ahead(batches(self.data, packer, batch_rows, self.done)):
                self._take(batch)
                progress(batch.bytes_read, self.data.total_bytes, self.report.counts.rows)
        except UnreadableSource as error:
            _announce()
            raise ImportStopped(f"{error} {self._so_far()}") from error
        except (OperationalError, InterfaceError) as error:
            raise ImportStopped(f"{_trouble(error)} {self._so_far()} Run the same command again to go on.") from error
        with transaction.atomic():
            runs.finish(self.run)
            counts = self.report.counts
            told = {"source": self.run.source, "format": self.run.format, "rows": counts.rows, "stored": counts.stored}
            audit.record(self.actor, "import.finish", "import", self.run.pk, after=told)
        _announce()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _take(self, batch: Batch) -> None:
        if new := batch.months - self.months:
            EVENTS.ensure_months(new)
            self.months |= new
        if batch.n_without_item:
            WITHOUT_ITEM.ensure_months(batch.months)
        undated_at = self.undated_at if batch.n_undated else None
        with transaction.atomic():
            counts = self._store(batch)
            self.report.first_rejected = self.file.first
            runs.advance(self.run, batch.part, batch.line, counts, undated_at)
        self.report.counts += counts
        self.report.undated_at = self.report.undated_at or undated_at

    def _store(self, batch: Batch) -> Counts:
        users, items = upsert_users(batch.users), upsert_items(batch.items)
        self.statistics.add(users.added, items.added)
        of_erased = [
            line for line, user in zip(batch.user_lines, batch.users, strict=True) if user.user_id in users.erased
        ]
        rejected = [*redact(batch.rejected), *(erased_line(batch.part, line) for line in of_erased)]
        # Written before the commit: a line may be named twice after a crash, never not at all.
        self.file.write(rejected)
        counts = self._store_events(batch) if batch.n_events else Counts()
        return counts + Counts(
            rows=batch.n_rows, rejected=len(rejected), capped=batch.n_capped, users=users, items=items
        )

    def _store_events(self, batch: Batch) -> Counts:
        """Store the events of a batch with the users and placeholders that they need; write those it can't store."""
        with connection.cursor() as cursor:
            self.statistics.refresh(cursor)
            staging = in_table(cursor, batch.packed, self.as_happened)
            made = staging.make_placeholders(available=True)
            unknown = staging.find_unknown()
            leave_out(staging, unknown)
            new = _make_users(staging)
            erased = erasure.refuse(new, {lost.user_id for lost in unknown})
            of_erased = leave_out_users(staging, erased)
            met = len(new) - len(erased.intersection(new))
            self.statistics.add(users=met, items=made)
            self.statistics.refresh(cursor)
            opted_out = leave_out_opted_out(staging)
            opting_out.dropped.inc(opted_out)
            events = staging.upsert(self.run.started_at)
            n_without_item = len(staging.insert_without_item()) if batch.n_without_item else 0
        reviews.upsert(batch.reviews)
        # Several events may be of one line.
        lost_lines = {lost.position: lost for lost in unknown if lost.user_id not in erased}
        lines_of_erased = {*of_erased, *(lost.position for lost in unknown if lost.user_id in erased)}
        self.file.write([refused(batch.part, lost) for lost in lost_lines.values()])
        self.file.write([erased_line(batch.part, line) for line in sorted(lines_of_erased)])
        return Counts(
            stored=events.added + n_without_item,
            changed=events.changed,
            repeated=events.repeated,
            duplicates=batch.n_events - len(unknown) - len(of_erased) - opted_out - sum(events) - n_without_item,
            opted_out=opted_out,
            rejected=len(lost_lines) + len(lines_of_erased),
            unknown_items=sum(lost.is_item for lost in lost_lines.values()),
            users=Upserted(met),
            items=Upserted(made),
            placeholders=made,
        )

    def _so_far(self) -> str:
        return f"What was committed stays ({self.report.counts.stored:,} events by this run)."


def _make_users(staging: Staging) -> list[str]:
    """Make the users who are new, known ones under their other names apart; return the new ones."""
    new = staging.upsert_users()
    if known := merging.refuse(new):
        rename_users(staging, known)
        new = [user_id for user_id in new if user_id not in known] + staging.upsert_users()
    return new


def _trouble(error: Exception) -> str:
    if isinstance(error.__cause__, DiskFull):
        return "PostgreSQL's disk is full, so the last batch was rolled back: free some space."
    said = str(error).strip().partition("\n")[0]
    return f"PostgreSQL stopped working for us ({said}), so the last batch was rolled back."


def _announce() -> None:
    """Refresh the statistics of PostgreSQL's planner, and tell every process that its cached data are stale."""
    analyze_all()
    snapshot.bump()
    producers.stored_in_bulk()
