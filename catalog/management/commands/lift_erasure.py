from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from catalog import erasure
from catalog.management.commands.erase_user import cleaned
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand
from recsite.platform.humanize import pluralize


class Command(PlainCommand):
    help = "Allow the ids of erased users again. What was erased does not come back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_ids", nargs="+", metavar="USER_ID", help="The id that was erased.")

    def handle(self, *args: Any, **options: Any) -> None:
        lifted = erasure.lift(cleaned(options["user_ids"]), actor=Actor.command("lift_erasure"))
        if not lifted:
            raise CommandError("None of these ids was erased (under the present ERASURE_KEY).")
        self.stdout.write(f"{pluralize(lifted, 'erasure')} lifted: these ids may be used again.")
