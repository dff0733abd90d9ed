from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from catalog.hidden import hidden_items
from recommender.serving import warming
from recsite.platform.commands import PlainCommand, progress_bar


class Command(PlainCommand):
    help = (
        "Make people's recommendations before they ask: the lists of the live release, into Redis, for those who were "
        f"active in the last {settings.WARM_ACTIVE_DAYS} days. Whoever is left out gets a list on the first visit."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="Everybody, however long ago they were active.")

    def handle(self, *args: Any, **options: Any) -> None:
        with progress_bar() as show:
            warmed = warming.warm(everybody=options["all"], progress=show)
        if warmed.stopped and not warmed.people:
            raise CommandError(warmed.stopped)
        self.stdout.write(" ".join(filter(None, (str(warmed), hidden_items()))))
