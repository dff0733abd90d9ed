"""Bring a backup back: checked before, stored whole or not at all, compared row by row, and put in order."""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import IO, cast

from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from recsite.platform import audit, generations
from recsite.platform.audit import Actor
from recsite.platform.backup import postgres, streams, tables, upkeep
from recsite.platform.backup.contributors import Contributor, contributors
from recsite.platform.backup.manifest import Manifest
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import pluralize
from recsite.platform.models import Generation

logger = logging.getLogger(__name__)
Say = Callable[[str], None]
SOME = 3
"""Names that a sentence has at most."""


class CantRestore(UserFacingError):
    """The backup doesn't fit this place; nothing was changed."""


class RestoredWrong(UserFacingError):
    """The database has other rows than the backup had."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Say what was brought back."""

    rows: int
    tables: int
    files: int
    migrated: int
    """How many migrations this version had in addition."""
    sentences: list[str]


def complaint(backup: Manifest, replace: bool) -> str:
    """Say why a backup can't be restored here; empty where it can."""
    known = set(MigrationLoader(None).disk_migrations)
    if newer := [one for one in map(tuple, backup.migrations) if one not in known]:
        some = ", ".join(".".join(one) for one in newer[:SOME])
        return (
            f"{backup.name} was made by a newer recsite ({backup.version}), whose migrations are not known here "
            f"({some}). Restore it with that version."
        )
    major = postgres.server_major()
    if backup.postgres > major:
        return f"{backup.name} is of PostgreSQL {backup.postgres}, and this server is {major}: take a newer server."
    if not streams.can_read(backup.key):
        return streams.key_needed(backup.key)
    for part in contributors():
        if said := part.complaint(backup.facts.get(part.name, {})):
            return said
    if not replace and not tables.is_empty():
        name = connection.settings_dict["NAME"]
        return (
            f"The database {name} is not empty. Name an empty one in DATABASE_URL, or say --replace={name}: "
            "everything in it is deleted."
        )
    return ""


def restore(backup: Manifest, *, actor: Actor, replace: bool = False, say: Say = logger.info) -> Restored:
    """Restore models, database and erasures. Raises UserFacingError; until the rows are in, nothing has changed."""
    if why := complaint(backup, replace):
        raise CantRestore(why)
    say("Checking all files of the backup.")
    upkeep.verify(backup, say=lambda _: None)
    owners = {part.name: part for part in contributors()}
    _put_back(backup, owners)
    say(f"Models: {pluralize(len(backup.files), 'file')} put back.")
    say("Storing the rows.")
    connection.close()
    with upkeep.opened(backup.database) as source, postgres.loading(postgres.server_major(), replace) as target:
        streams.unseal(source, target, backup.key)
        upkeep.finish(source, backup.database)
    say("Comparing the rows with those of the backup.")
    with transaction.atomic():
        if wrong := tables.differing(backup.tables, tables.states()):
            raise RestoredWrong(
                f"{pluralize(len(wrong), 'table')} ({', '.join(wrong[:SOME])}) have other rows than in the backup. "
                "Don't start with this database: take another backup."
            )
    migrated = _migrate(say)
    # Processes and Redis know what was there before, under numbers that the backup may have as well.
    for name in Generation.objects.values_list("name", flat=True):
        generations.bump(name)
    sentences = [said for part in owners.values() if (said := part.after_restore())]
    audit.record(actor, "backup.restore", "backup", backup.name, after={"made_at": backup.made_at.isoformat()})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Restored(backup.rows, len(backup.tables), len(backup.files), migrated, sentences)


def put_back_files(backup: Manifest) -> int:
    """Put the models of a backup back, and leave the database as it is; return how many files there are."""
    if not streams.can_read(backup.key):
        raise CantRestore(streams.key_needed(backup.key))
    _put_back(backup, {part.name: part for part in contributors()})
    return len(backup.files)


def _put_back(backup: Manifest, owners: dict[str, Contributor]) -> None:
    for one in backup.files:
        with upkeep.opened(one) as source:
            work = partial(_unseal, source, backup.key)
            with closing(streams.Piped(work)) as plain:
                owners[one.owner].put_back(one.name, cast(IO[bytes], plain))


def _unseal(source: streams.Readable, key: str, target: IO[bytes]) -> None:
    streams.unseal(source, target, key)


def _migrate(say: Say) -> int:
    """Bring a database of an earlier version up to this one."""
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        say(f"Running {pluralize(missing, 'migration')} that came after the backup.")
    # In any case: roles and the schedule follow with it.
    call_command("migrate", interactive=False, verbosity=0)
    return missing
