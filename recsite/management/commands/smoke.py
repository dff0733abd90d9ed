import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recsite import smoke
from recsite.platform.commands import PlainCommand, table


class Command(PlainCommand):
    help = (
        "Ask a running site for one of everything, as an outsider does, and print a table; exit code 1 where something "
        "fails. It needs no database, and changes nothing unless --event is given."
    )
    needs_database = False
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("url", metavar="URL", help="Such as https://recs.example.com.")
        parser.add_argument("--key", default=os.environ.get("RECSITE_KEY", ""), help="An API key; else RECSITE_KEY.")
        parser.add_argument("--event", nargs=3, metavar=("USER", "ITEM", "TYPE"), help="Send this event, which counts.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["url"].startswith(("http://", "https://")):
            raise CommandError(f"{options['url']} is no address: it begins with https:// or http://.")
        event = dict(zip(("user_id", "item_id", "type"), options["event"], strict=True)) if options["event"] else {}
        found = list(smoke.checks(smoke.Site(options["url"], options["key"], event)))
        rows = [(one.name, "ok" if one.is_well else "FAILED", one.ms, one.said) for one in found]
        for line in table(("check", "", "ms", "what was found"), rows):
            self.stdout.write(line)
        if failed := sum(not one.is_well for one in found):
            raise CommandError(f"{failed} of {len(found)} checks failed.")
        self.stdout.write(f"All {len(found)} checks passed.")
