from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from interactions import outbox
from recsite.platform.commands import PlainCommand, until_told


class Command(PlainCommand):
    help = "Hand on to Kafka what it didn't take when it came, in order, until stopped. One at a time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Stop when nothing waits any more.")
        parser.add_argument(
            "--standby", action="store_true", help="Where another one is at work, wait until it has left."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KAFKA_BOOTSTRAP_SERVERS:
            raise CommandError("KAFKA_BOOTSTRAP_SERVERS is not set: nothing waits for it.")
        with until_told() as stop:
            handed_on = outbox.relay(stop, options["once"], options["standby"])
        self.stdout.write(f"{handed_on:,} events were handed on.")
