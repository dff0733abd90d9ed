from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from recsite.platform.commands import PlainCommand
from recsite.platform.models import ApiKey

LONGEST_NAME = 50


class Command(PlainCommand):
    help = "Makes an API key and prints it, alone, on standard output. It is shown this once: only its hash is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Who will use it, such as 'web shop'. Staff see the name in the admin.")
        parser.add_argument("--expires-in", type=int, metavar="DAYS", help="Days it works (default: for ever).")

    def handle(self, *args: Any, name: str, expires_in: int | None, **options: Any) -> None:
        if not name.strip() or len(name) > LONGEST_NAME:
            raise CommandError(f"Give the key a name of 1 to {LONGEST_NAME} characters.")
        if expires_in is not None and not 1 <= expires_in <= 36_500:
            raise CommandError("--expires-in must be between 1 and 36500 days.")
        expiry = timezone.now() + timedelta(days=expires_in) if expires_in else None
        _, key = ApiKey.objects.create_key(name=name.strip(), expiry_date=expiry)
        self.stderr.write(f"Key for {name.strip()}. Keep it now; send it as 'Authorization: Api-Key KEY'.")
        self.stdout.write(key)
