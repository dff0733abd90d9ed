"""Django's command, with an entry in the record of changes: whoever has the password is the account."""

import getpass
from typing import Any

from django.contrib.auth.management.commands.changepassword import Command as DjangosCommand
from django.db import transaction

from recsite.platform import audit
from recsite.platform.audit import Actor


class Command(DjangosCommand):
    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> Any:
        said = super().handle(*args, **options)
        name = options["username"] or getpass.getuser()
        audit.record(Actor.command("changepassword"), "staff.set_password", "staff", name)
        return said
