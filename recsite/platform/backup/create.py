"""Make a backup: one snapshot of the database, the files that its rows name, and at last the manifest."""

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from typing import IO, cast

from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.backup import manifest, postgres, runs, storage, streams, tables
from recsite.platform.backup.contributors import Contributor, contributors
from recsite.platform.backup.manifest import FILES, SETS, Manifest, StoredFile
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import pluralize
from recsite.platform.locks import exclusive

logger = logging.getLogger(__name__)
Say = Callable[[str], None]
LOCK = "The backups"
"""The lock that makers and deleters of backups hold, so that nobody deletes what another one shares."""


def create(say: Say = logger.info, *, actor: Actor) -> Manifest:
    """Make a backup and return its description. Raises UserFacingError, and leaves none, where it can't be made."""
    storage.place()
    with exclusive(LOCK):
        began_at = timezone.now()
        name = f"{began_at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        try:
            made = _create(name, say)
        except BaseException as fault:
            if isinstance(fault, UserFacingError | OSError):
                runs.note(name, began_at, error=str(fault) or type(fault).__name__)
            _discard(name)
            raise
        with transaction.atomic():
            runs.note(name, made.made_at, bytes=made.bytes, rows=made.rows)
            audit.record(actor, "backup.create", "backup", name, after={"bytes": made.bytes, "rows": made.rows})
    return made


def _discard(name: str) -> None:
    """Delete what there is of a backup that failed; what can't be deleted now goes with the next pruning."""
    try:
        storage.remove(f"{SETS}/{name}", manifest.FILE)
    except (UserFacingError, OSError) as fault:
        logger.warning("What there is of the backup %s can't be deleted now: %s", name, fault)


def _create(name: str, say: Say) -> Manifest:
    started, parts = time.monotonic(), contributors()
    major, key = postgres.server_major(), streams.recipient()
    for part in parts:
        part.before_create()
    with transaction.atomic(durable=True):
        made_at = timezone.now()
        snapshot = _take_snapshot()
        named = [(part, file) for part in parts for file in part.files()]
        facts = {part.name: part.facts() for part in parts}
        migrations = sorted([app, one] for app, one in MigrationRecorder(connection).applied_migrations())
        say("Database: reading.")
        path = f"{SETS}/{name}/database.pgdump"
        with postgres.dumping(major, snapshot) as dump:
            database = _store("", "database", path, dump)
        say(f"Database: {database.bytes:,} bytes are stored. Counting and hashing its rows.")
        states = tables.states()
    files, missing = _files(named, key, say)
    made = Manifest(
        name=name,
        made_at=made_at,
        seconds=round(time.monotonic() - started, 1),
        version=settings.VERSION,
        postgres=major,
        key=key,
        migrations=migrations,
        tables=states,
        database=database,
        files=files,
        missing=missing,
        facts=facts,
    )
    manifest.write(made)
    return made


def _take_snapshot() -> str:
    """Make the transaction see what there is now until its end, and return the snapshot's name for pg_dump."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


def _files(named: Iterable[tuple[Contributor, str]], key: str, say: Say) -> tuple[list[StoredFile], list[str]]:
    """Store the files that no backup has yet; return all, and the names of those that are gone."""
    known = {one.path: one for backup in manifest.listed() for one in backup.files}
    folder = sha256(key.encode()).hexdigest()[:12] if key else "plain"
    files, missing, copied = list[StoredFile](), list[str](), 0
    for part, name in named:
        path = f"{FILES}/{folder}/{part.name}/{name}"
        if path not in known:
            try:
                with part.open(name) as content:
                    known[path] = _store(part.name, name, path, content)
            except FileNotFoundError:
                missing.append(f"{part.name}/{name}")
                continue
            copied += 1
        files.append(known[path])
    shared = len(files) - copied
    if files:
        say(f"Models: {pluralize(copied, 'file')} stored, {pluralize(shared, 'file')} shared with earlier backups.")
    return files, missing


def _store(owner: str, name: str, path: str, content: IO[bytes]) -> StoredFile:
    """Store a stream, encrypted where a key is set. What an earlier run left there was never finished."""
    where = storage.place()
    if where.exists(path):
        where.delete(path)
    source = streams.sealed(content)
    try:
        counted = streams.Counted(source)
        saved = where.save(path, File(cast(IO[bytes], counted), path))
    finally:
        if source is not content:
            source.close()
    if saved != path:
        where.delete(saved)
        raise UserFacingError(f"Somebody else writes to {path}: let one recsite use a place for backups.")
    return StoredFile(owner, name, path, counted.sha256, counted.bytes)


def age_in_hours(of: datetime | None) -> float | None:
    """Return how old a backup is."""
    return (timezone.now() - of).total_seconds() / 3600 if of else None
