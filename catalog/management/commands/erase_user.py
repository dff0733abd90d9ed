from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from catalog import store
from catalog.ids import InvalidId, clean_id
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand
from recsite.platform.exceptions import AlreadyRunning
from recsite.platform.humanize import pluralize


class Command(PlainCommand):
    help = (
        "Erase users for good, with everything that is kept of them: events in all months, reviews, dead letters, "
        "lists and caches. Their ids are refused from then on, until 'lift_erasure' allows them again. An id that "
        "nobody has yet can be erased as well."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user_ids", nargs="+", metavar="USER_ID", help="The id that your own systems use.")

    def handle(self, *args: Any, **options: Any) -> None:
        user_ids = cleaned(options["user_ids"])
        try:
            erased = store.erase_user_ids(user_ids, actor=Actor.command("erase_user"))
        except AlreadyRunning as busy:
            raise CommandError(str(busy)) from busy
        said = f"{pluralize(erased, 'user')} erased. {pluralize(len(user_ids), 'id')} refused from now on."
        if strangers := len(user_ids) - erased:
            said += (
                f" Of {pluralize(strangers, 'id')} there was no user: if that was a slip, 'lift_erasure' takes it back."
            )
        self.stdout.write(said)


def cleaned(texts: list[str]) -> list[str]:
    """Return ids in their one form. Raises CommandError."""
    try:
        return [clean_id(text) for text in texts]
    except InvalidId as wrong:
        raise CommandError(f"The id {wrong}.") from wrong
