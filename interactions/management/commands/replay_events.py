from argparse import ArgumentParser
from typing import Any

from interactions.models import DeadLetter
from interactions.replay import replay
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, whole_number
from recsite.platform.humanize import pluralize


class Command(PlainCommand):
    help = "Store the events of dead letters whose cause is mended: an item was added, a type, or the letter itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("ids", nargs="*", type=whole_number, metavar="ID", help="Some letters; all without any.")
        parser.add_argument("--reason", default="", help="Those whose reason holds this text.")
        parser.add_argument("--limit", type=whole_number, default=10_000, help="At most so many, the oldest first.")
        parser.add_argument("--dry-run", action="store_true", help="Say how many it would be, and do nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        letters = DeadLetter.objects.order_by("received_at", "pk")
        if options["ids"]:
            letters = letters.filter(pk__in=options["ids"])
        if options["reason"]:
            letters = letters.filter(reason__icontains=options["reason"])
        chosen = letters[: options["limit"]]
        if options["dry_run"]:
            self.stdout.write(f"{pluralize(len(chosen), 'dead letter')} would be replayed.")
            return
        self.stdout.write(str(replay(chosen, actor=Actor.command("replay_events"))))
