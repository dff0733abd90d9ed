from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from catalog import erasure, store
from catalog.models import Erasure
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand
from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.humanize import pluralize


class Command(PlainCommand):
    help = (
        "Say how many users were erased. After a backup was restored: --import the file that --export wrote, which "
        "names nobody, then --again, which erases those whom the backup brought back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        chosen = parser.add_mutually_exclusive_group()
        chosen.add_argument("--export", type=Path, metavar="FILE", help="Write the keyed hashes to a file.")
        chosen.add_argument("--import", type=Path, metavar="FILE", dest="file", help="Add the hashes of such a file.")
        chosen.add_argument("--again", action="store_true", help="Erase users who came back by a restored backup.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(self._done(options))
        except OSError as error:
            raise CommandError(f"{error.filename} can't be used: {error.strerror}.") from error
        except (ValueError, AlreadyRunning) as error:
            raise CommandError(str(error)) from error

    def _done(self, options: dict[str, Any]) -> str:
        if options["export"]:
            digests = erasure.export()
            options["export"].write_text("".join(f"{digest}\n" for digest in digests))
            return f"{pluralize(len(digests), 'erasure')} written to {options['export']}."
        if options["file"]:
            added = erasure.add(options["file"].read_text().split(), actor=Actor.command("erasures"))
            return f"{pluralize(added, 'erasure')} read. Run 'manage.py erasures --again' now."
        if options["again"]:
            return f"{pluralize(store.erase_again(), 'user')} erased again."
        return f"{pluralize(Erasure.objects.count(), 'user')} erased."
