from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from interactions.consumers import GROUP, EventConsumer
from recsite.platform.commands import PlainCommand, until_told, whole_number


class Command(PlainCommand):
    help = (
        "Store the events of Kafka in PostgreSQL until stopped. Start as many as there are partitions at most; SIGTERM "
        "lets each finish its batch."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--group", default=GROUP, help=f"The consumer group ({GROUP}).")
        parser.add_argument(
            "--batch", type=whole_number, default=0, help="Most events stored at once; without it KAFKA_CONSUMER_BATCH."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KAFKA_BOOTSTRAP_SERVERS:
            raise CommandError("KAFKA_BOOTSTRAP_SERVERS is not set: events are stored as they come.")
        with until_told() as stop:
            totals = EventConsumer(options["group"] or GROUP, options["batch"]).run(stop)
        words = ", ".join(f"{totals[name]:,} {name}" for name in ("stored", "duplicate", "dead"))
        self.stdout.write(f"Stopped. {words}.")
