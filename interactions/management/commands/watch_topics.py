from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import CommandError

from interactions.reading import TopicReader
from interactions.topics import ANNOUNCEMENTS, TOPICS
from recsite.platform.commands import PlainCommand, until_told


class Command(PlainCommand):
    needs_database = False
    help = "Print what comes on topics, a line for each message, until stopped. It changes nothing for other readers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "topics", nargs="*", metavar="TOPIC", help=f"Without the prefix; by default {', '.join(ANNOUNCEMENTS)}."
        )
        parser.add_argument("--from-beginning", action="store_true", help="Print what is there already as well.")
        parser.add_argument("--group", default="", help="Go on where this group was the last time.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KAFKA_BOOTSTRAP_SERVERS:
            raise CommandError("KAFKA_BOOTSTRAP_SERVERS is not set: there are no topics.")
        if unknown := set(options["topics"]) - set(TOPICS):
            raise CommandError(f"There is no topic {sorted(unknown)[0]!r}. Known: {', '.join(TOPICS)}.")
        reader = TopicReader(
            options["group"] or f"recsite-watch-{uuid4().hex}",
            options["topics"] or ANNOUNCEMENTS,
            options["from_beginning"] or bool(options["group"]),
        )
        with until_told() as stop:
            reader.run(self._print, stop)

    def _print(self, messages: Sequence[Any]) -> None:
        prefix = len(settings.KAFKA_TOPIC_PREFIX)
        for message in messages:
            text = (message.value() or b"").decode("utf-8", "backslashreplace")
            self.stdout.write(f"{message.topic()[prefix:]} {text}")
        self.stdout.flush()
