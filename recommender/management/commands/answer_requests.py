from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from recommender.serving import processes
from recommender.serving.kafka_requests import GROUP, answer_requests
from recsite.platform.commands import PlainCommand, until_told


class Command(PlainCommand):
    help = (
        "Answer requests for recommendations that come on a Kafka topic until stopped. Start as many as there are "
        "partitions at most."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--group", default=GROUP, help=f"The consumer group ({GROUP}).")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KAFKA_BOOTSTRAP_SERVERS:
            raise CommandError("KAFKA_BOOTSTRAP_SERVERS is not set: ask the API instead.")
        processes.begin("answer_requests")
        with until_told() as stop:
            answered = answer_requests(stop, options["group"] or GROUP)
        self.stdout.write(f"Stopped. {answered:,} requests were answered.")
