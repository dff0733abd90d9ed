"""Note how far the import of a file has come: a row that changes in the transaction of each batch."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalog.importers.rows import DataSet
from interactions import announcements
from interactions.importing.report import Counts
from interactions.models import ImportRun
from interactions.topics import SYSTEM_METRICS


def begin(data: DataSet, fingerprint: str, *, resume: bool) -> ImportRun:
    """Return the run of this file, as far as it has come; from the start where it is not to be resumed."""
    run, is_new = ImportRun.objects.get_or_create(
        fingerprint=fingerprint, defaults={"format": data.format, "source": data.location[-500:]}
    )
    if not is_new and not resume:
        run.progress, run.counts, run.finished_at, run.started_at = {}, {}, None, timezone.now()
        run.save()
    return run


def note_rejected_file(run: ImportRun, path: Path) -> None:
    """Note where rejected lines go, so that erasing a user finds the file."""
    name = str(path.resolve())
    if name not in run.rejected_files:
        run.rejected_files.append(name)
        run.save(update_fields=["rejected_files"])


def undated_date(format_name: str) -> datetime:
    """Return the date for events without one: that of the format's first import, so that they are dated alike each
    time."""
    first = ImportRun.objects.filter(format=format_name, undated_at__isnull=False).order_by("started_at").first()
    if first and first.undated_at:
        return first.undated_at
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)


def advance(run: ImportRun, part: str, line: int, counts: Counts, undated_at: datetime | None) -> None:
    """Note a batch: its part is done up to `line`; `undated_at` is given where it had events without a time."""
    run.progress[part] = line
    run.undated_at = run.undated_at or undated_at
    for name, count in _named(counts).items():
        run.counts[name] = run.counts.get(name, 0) + count
    run.save(update_fields=["progress", "counts", "undated_at"])


def _named(counts: Counts) -> dict[str, int]:
    return {
        "events": counts.stored,
        "changed": counts.changed,
        "repeated": counts.repeated,
        "capped": counts.capped,
        "duplicates": counts.duplicates,
        "rejected": counts.rejected,
        "items": counts.items.added,
        "placeholders": counts.placeholders,
        "users": counts.users.added,
    }


def finish(run: ImportRun) -> None:
    """Note that a file is imported to its end, and announce it."""
    run.finished_at = timezone.now()
    with transaction.atomic():
        run.save(update_fields=["finished_at"])
        announcements.announce(SYSTEM_METRICS, "import.finished", _announced(run))


def _announced(run: ImportRun) -> dict[str, Any]:
    """Return what others learn: of the place of the file its name alone."""
    return {
        "import": run.pk,
        "format": run.format,
        "source": Path(run.source).name,
        "counts": run.counts,
        "started_at": run.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else "",
    }
