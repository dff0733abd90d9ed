from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from interactions import kafka
from interactions.topics import TOPICS
from recsite.platform.commands import PlainCommand


class Command(PlainCommand):
    needs_database = False
    help = "Make the topics of the event log on Kafka. Running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Print the plan, and do nothing.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.KAFKA_BOOTSTRAP_SERVERS:
            raise CommandError("KAFKA_BOOTSTRAP_SERVERS is not set: events go to PostgreSQL, and need no topics.")
        for line in kafka.create_topics(TOPICS, apply=not options["dry_run"]):
            self.stdout.write(line)
        if options["dry_run"]:
            self.stdout.write("Nothing was done.")
