from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from catalog.hidden import hidden_items
from recommender import cache
from recommender.serving import warming
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, progress_bar


class Command(PlainCommand):
    help = (
        "Make people's recommendations before they ask: the lists of the live release, into Redis, for those who were "
        f"active in the last {settings.WARM_ACTIVE_DAYS} days. Whoever is left out gets a list on the first visit."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="Everybody, however long ago they were active.")
        parser.add_argument("--clear", action="store_true", help="Throw all lists away first.")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.command("warm_cache")
        if options["clear"]:
            self.stdout.write(cache.clear(actor=actor))
        with progress_bar() as show:
            warmed = warming.warm(everybody=options["all"], progress=show, actor=actor)
        if warmed.stopped and not warmed.people:
            raise CommandError(warmed.stopped)
        self.stdout.write(" ".join(filter(None, (str(warmed), hidden_items()))))
