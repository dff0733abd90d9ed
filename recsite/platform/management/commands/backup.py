from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import connection

from recsite.platform.audit import Actor
from recsite.platform.backup import create, keys, manifest, restore, storage, upkeep
from recsite.platform.backup.manifest import Manifest
from recsite.platform.commands import PlainCommand, table
from recsite.platform.humanize import duration, pluralize

LATEST = "latest"


class Command(PlainCommand):
    help = (
        "Back up the database, the models that it names and the erasures, to BACKUP_STORAGE_PATH or "
        "BACKUP_STORAGE_BUCKET; list, check, restore and delete backups."
    )
    needs_database = False
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        made = verbs.add_parser("create", help="Make a backup; then delete those that are too old.")
        made.add_argument("--keep-old", action="store_true", help="Delete nothing afterwards.")
        verbs.add_parser("list", help="List all backups that are whole.")
        checked = verbs.add_parser("verify", help="Read every byte of a backup and compare it.")
        brought = verbs.add_parser("restore", help="Bring a backup back, into an empty database.")
        for one in (checked, brought):
            one.add_argument("name", nargs="?", default=LATEST, help="Its name in the list (default: the newest one).")
        brought.add_argument(
            "--replace",
            metavar="DATABASE",
            help="Delete everything in the database first. Its name has to be said, so that it isn't the wrong one.",
        )
        brought.add_argument(
            "--only-models", action="store_true", help="Put the models back, and leave the database as it is."
        )
        pruned = verbs.add_parser("prune", help="Delete backups older than BACKUP_KEEP_DAYS; the newest one stays.")
        pruned.add_argument("--dry-run", action="store_true", help="Say what would be deleted.")
        verbs.add_parser("key", help="Make a pair of keys and print it.")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _create(self, options: dict[str, Any]) -> None:
        actor = Actor.command("backup create")
        made = create.create(self._say, actor=actor)
        for name in made.missing:
            self._say(f"Not in the backup, since it is not in the model storage any more: {name}.")
        self._say(
            f"Backup {made.name}: {pluralize(made.rows, 'row')} in {len(made.tables)} tables, "
            f"{pluralize(len(made.files), 'file')} of models, {made.bytes:,} bytes, {duration(made.seconds)}, "
            f"{'encrypted' if made.key else 'not encrypted: BACKUP_KEY is not set'}."
        )
        if not options["keep_old"]:
            self._say(told(upkeep.prune(actor=actor)))

    def _list(self, options: dict[str, Any]) -> None:
        found = manifest.listed()
        if not found:
            self._say("There is no backup yet: 'manage.py backup create' makes one.")
            return
        rows = [
            [one.name, f"{one.made_at:%Y-%m-%d %H:%M:%S}", one.version, one.rows, len(one.files), one.bytes, lock(one)]
            for one in found
        ]
        for line in table(["name", "made at (UTC)", "version", "rows", "files", "bytes", "encrypted"], rows):
            self._say(line)

    def _verify(self, options: dict[str, Any]) -> None:
        backup = chosen(options["name"])
        self._say(f"{backup.name}: {upkeep.verify(backup, self._say)}")

    def _restore(self, options: dict[str, Any]) -> None:
        name = connection.settings_dict["NAME"]
        if options["replace"] and options["replace"] != name:
            raise CommandError(f"--replace names {options['replace']}, but DATABASE_URL names {name}.")
        backup = chosen(options["name"])
        if options["only_models"]:
            files = restore.put_back_files(backup)
            self._say(f"{pluralize(files, 'file')} of models put back from {backup.name}. The database is as it was.")
            return
        actor = Actor.command("backup restore")
        done = restore.restore(backup, actor=actor, replace=bool(options["replace"]), say=self._say)
        for sentence in done.sentences:
            self._say(sentence)
        self._say(
            f"Restored {backup.name}, made at {backup.made_at:%Y-%m-%d %H:%M:%S} UTC: {pluralize(done.rows, 'row')} in "
            f"{done.tables} tables are as they were, {pluralize(done.files, 'file')} of models, "
            f"{pluralize(done.migrated, 'migration')} run. Now start all processes anew."
        )

    def _prune(self, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            self._say(told(upkeep.plan(), would=True))
        else:
            self._say(told(upkeep.prune(actor=Actor.command("backup prune"))))

    def _key(self, options: dict[str, Any]) -> None:
        secret, public = keys.new_pair()
        self._say(f"# Set BACKUP_KEY to this where backups are made: it can't read them.\n{public}")
        self._say(f"# Keep this apart from the machines and the backups. Set BACKUP_KEY to it to restore.\n{secret}")

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def chosen(name: str) -> Manifest:
    """Return the backup of that name. Raises CommandError, NoSuchBackup and NoBackups."""
    if name != LATEST:
        return manifest.read(name)
    found = manifest.listed()
    if not found:
        raise CommandError(f"There is no backup in {storage.place()}.")
    return found[0]


def lock(backup: Manifest) -> str:
    return f"for {backup.key[:12]}..." if backup.key else "no"


def told(done: upkeep.Pruning, would: bool = False) -> str:
    """Say what a pruning deletes."""
    verb = "would be deleted" if would else "deleted"
    names = f" ({', '.join(one.name for one in done.backups)})" if done.backups else ""
    said = f"{pluralize(len(done.backups), 'old backup')} {verb}{names}"
    rest = len(done.unfinished) + len(done.files)
    return f"{said}, and {pluralize(rest, 'unfinished or unneeded file')}." if rest else f"{said}."
