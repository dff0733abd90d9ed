"""Say on Health when the last good backup was made, and why the last one failed."""

from django.conf import settings
from django.db import DatabaseError
from django.template.defaultfilters import filesizeformat

from recsite.platform import database
from recsite.platform.backup import runs, storage
from recsite.platform.backup.runs import BackupRun
from recsite.platform.database import DatabaseDown
from recsite.platform.humanize import distance, pluralize

GUIDE = "docs/DISASTER.md"


def sentences() -> list[str]:
    """Return what there is to say; each sentence says what to do where something is missing."""
    if not storage.is_set_up():
        return [
            "No backups are made here, so whatever is lost with this database is lost: its events, users and releases.",
            "Set BACKUP_STORAGE_PATH to a folder on another disk, or BACKUP_STORAGE_BUCKET, and start again: the "
            f"schedule then makes one a day. {GUIDE} has the rest, and how to restore.",
        ]
    try:
        good, last = database.ask(lambda: (BackupRun.objects.filter(error="").first(), runs.last()))
    except (DatabaseDown, DatabaseError):
        return ["The database can't be reached, so nobody knows when the last backup was made."]
    said = ["There is no good backup yet: 'manage.py backup create' makes one."]
    if good:
        size = f"{pluralize(good.rows, 'row')} in {filesizeformat(good.bytes)}"
        said = [f"The last good backup is {good.name}, of {distance(good.began_at)}: {size}."]
    if last and last.error:
        said.append(f"The last one, {distance(last.ended_at)}, failed: {last.error}")
    if not settings.BACKUP_KEY:
        said.append("Backups are not encrypted: BACKUP_KEY is not set.")
    return said
