"""Check stored backups, and delete old ones."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.backup import manifest, postgres, storage, streams
from recsite.platform.backup.create import LOCK
from recsite.platform.backup.manifest import FILES, SETS, Manifest, StoredFile
from recsite.platform.exceptions import UserFacingError
from recsite.platform.locks import exclusive

logger = logging.getLogger(__name__)
UNFINISHED_FOR = timedelta(days=1)
"""After so long a backup without a manifest is one whose process was killed."""


class BackupDamaged(UserFacingError):
    """A stored file isn't what was written."""


def verify(backup: Manifest, say: Callable[[str], None] = logger.info) -> str:
    """Read every stored byte and compare it; read the dump to its end where key and programs are at hand.

    Returns in a sentence how far it was read. Raises BackupDamaged.
    """
    for number, one in enumerate(backup.files, 1):
        check(one)
        say(f"{number:,} of {len(backup.files):,} files are as they were written.")
    if not streams.can_read(backup.key):
        check(backup.database)
        return "All files are as they were written. BACKUP_KEY is not the secret key, so nothing was decrypted."
    try:
        postgres.program("pg_restore", backup.postgres)
    except postgres.PostgresFailed:
        check(backup.database)
        return "All files are as they were written. Without pg_restore of that version the dump was not unpacked."
    with opened(backup.database) as source, postgres.reading(backup.postgres) as target:
        streams.unseal(source, target, backup.key)
        finish(source, backup.database)
    return "All files are as they were written, and the dump can be read to its end."


@contextmanager
def opened(one: StoredFile) -> Iterator[streams.Counted]:
    """Open a stored file of a backup; `finish` compares it once it was read. Raises BackupDamaged."""
    try:
        with storage.reading(one.path) as file:
            yield streams.Counted(file)
    except FileNotFoundError as error:
        raise BackupDamaged(f"{one.path} is gone: take another backup.") from error


def check(one: StoredFile) -> None:
    """Read a stored file and compare it. Raises BackupDamaged."""
    with opened(one) as source:
        finish(source, one)


def finish(source: streams.Counted, one: StoredFile) -> None:
    """Compare what was read with what was written. Raises BackupDamaged."""
    source.drain()
    if (source.bytes, source.sha256) != (one.bytes, one.sha256):
        raise BackupDamaged(f"{one.path} is not what was written there: take another backup.")


@dataclass(frozen=True, slots=True)
class Pruning:
    """Say what is deleted: backups, and folders and files that no backup has."""

    backups: list[Manifest] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def plan() -> Pruning:
    """Return what is older than BACKUP_KEEP_DAYS and what nobody needs. The last backup always stays."""
    everything, oldest = manifest.listed(), timezone.now() - timedelta(days=settings.BACKUP_KEEP_DAYS)
    old = [one for one in everything[1:] if one.made_at < oldest]
    kept = [one for one in everything if one not in old]
    whole = {one.name for one in everything}
    others = [name for name in storage.names(SETS)[0] if name not in whole]
    damaged = [name for name in others if storage.place().exists(f"{SETS}/{name}/{manifest.FILE}")]
    unfinished = [name for name in others if name not in damaged and _is_abandoned(name)]
    needed = {file.path for one in kept for file in one.files}
    # What a backup needs whose manifest can't be read, nobody knows.
    files = [path for path in storage.walk(FILES) if path not in needed] if kept and not damaged else []
    return Pruning(old, unfinished, files)


def _is_abandoned(name: str) -> bool:
    """Tell whether a folder without a manifest is so old that nobody is at work in it."""
    try:
        began = datetime.strptime(name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return began < timezone.now() - UNFINISHED_FOR


def prune(*, actor: Actor) -> Pruning:
    """Delete what `plan` names, manifests first: a rest is never taken for a backup."""
    with exclusive(LOCK):
        found = plan()
        for one in found.backups:
            storage.remove(f"{SETS}/{one.name}", manifest.FILE)
        for name in found.unfinished:
            storage.remove(f"{SETS}/{name}")
        for path in found.files:
            storage.place().delete(path)
        if found.backups:
            names = ", ".join(one.name for one in found.backups)
            audit.record(actor, "backup.prune", "backup", str(len(found.backups)), before={"backups": names})
    return found
