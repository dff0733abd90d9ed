"""Check, import and take back a file that staff brought: the work of jobs."""

import time
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from catalog.hidden import hidden_items
from catalog.importers.rows import UnreadableSource
from interactions.importing import files, reading, taking_out
from interactions.importing.report import ImportReport
from interactions.importing.service import check, load
from interactions.models import FileImport, ImportRun
from recsite.platform.audit import Actor
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import duration
from recsite.platform.jobs import Progress

BATCH_ROWS = 20_000
MOST_REASONS = 20


def check_file(pk: int, progress: Progress) -> str:
    """Read all of a file, store nothing, and keep what an import would do; return it in a sentence."""
    row = FileImport.objects.get(pk=pk)
    data = reading.open_file(row)
    try:
        report = check(data, files.rejected_of(row, files.CHECKED), batch_rows=BATCH_ROWS, progress=_told(progress))
    except UnreadableSource as error:
        raise UserFacingError(reading.in_words(row, error)) from error
    row.checked = {"reading": row.reading, **_outcome(row, report, files.CHECKED)}
    row.save(update_fields=["checked"])
    return _sentence(row, report)


def load_file(pk: int, progress: Progress, *, again: bool, actor: Actor) -> str:
    """Import a file, or the rest of it where an import was stopped; return what was done in a sentence."""
    row = FileImport.objects.get(pk=pk)
    data = reading.open_file(row)
    try:
        report = load(
            data,
            files.rejected_of(row, files.IMPORTED),
            resume=not again,
            batch_rows=BATCH_ROWS,
            progress=_told(progress),
            actor=actor,
        )
    finally:
        row.run = ImportRun.objects.filter(fingerprint=data.fingerprint()).first()
        row.save(update_fields=["run"])
    row.outcome, row.finished_at, row.undone_at = _outcome(row, report, files.IMPORTED), timezone.now(), None
    row.save(update_fields=["outcome", "finished_at", "undone_at"])
    return " ".join(filter(None, (_sentence(row, report), hidden_items())))


def undo_file(pk: int, progress: Progress, *, actor: Actor) -> str:
    """Delete the events that a file brought; return what was done in a sentence."""
    row = FileImport.objects.select_related("run").get(pk=pk)
    if obstacle := taking_out.obstacle(row):
        raise UserFacingError(obstacle)
    assert row.run is not None
    number = taking_out.take_out(reading.open_file(row), row.run, _told(progress), actor=actor)
    FileImport.objects.filter(pk=pk).update(undone_at=timezone.now())
    return f"{number:,} events deleted that {row.name} had brought. Its users and items stay."


def _told(progress: Progress) -> Any:
    """Return what takes the progress of an import and says it with its rate and the time left."""
    started = time.monotonic()

    def show(bytes_read: int, total_bytes: int, rows: int) -> None:
        elapsed = max(time.monotonic() - started, 0.001)
        share = min(bytes_read / max(total_bytes, 1), 1.0)
        left = f", {duration(elapsed * (1 - share) / share)} left" if 0 < share < 1 else ""
        progress(share, f"Reading: {rows:,} rows, {rows / elapsed:,.0f} a second{left}.")

    return show


def _sentence(row: FileImport, report: ImportReport) -> str:
    said = str(report).replace(str(files.file_of(row)), row.name)
    for by in (files.CHECKED, files.IMPORTED):
        said = said.replace(str(files.rejected_of(row, by)), "the file of rejected lines")
    return said.replace("--no-resume reads it again.", "Import again reads it once more.")


def _outcome(row: FileImport, report: ImportReport, by: str) -> dict[str, Any]:
    counts = asdict(report.counts)
    for kind in ("users", "items"):
        counts[kind] = {name: counts[kind][name] for name in ("added", "changed")}
    return {
        "counts": counts,
        "reasons": report.reasons.most_common(MOST_REASONS),
        "said": _sentence(row, report),
        "seconds": round(report.seconds, 1),
        "has_rejected": files.rejected_of(row, by).exists() and report.counts.rejected > 0,
        "was_before": report.finished_before is not None,
    }
