import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recsite import probing, process_roles
from recsite.platform.commands import PlainCommand


class Command(PlainCommand):
    help = (
        "Ask a role that runs on this machine how it is; exit code 0 where it works. Probes rather use "
        f"{process_roles.HEALTHCHECK}, which says the same in a fraction of the time."
    )
    needs_database = False
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role", choices=process_roles.ROLES)

    def handle(self, *args: Any, **options: Any) -> None:
        works, sentence = probing.ask(process_roles.of(options["role"]), os.environ)
        if not works:
            raise CommandError(sentence)
        self.stdout.write(sentence)
