"""Django's command, with an entry in the record of changes: a new account may do everything."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.management.commands.createsuperuser import Command as DjangosCommand
from django.db import transaction

from recsite.platform import audit
from recsite.platform.audit import Actor


class Command(DjangosCommand):
    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        accounts = get_user_model().objects
        newest = accounts.order_by("pk").values_list("pk", flat=True).last() or 0
        super().handle(*args, **options)
        for account in accounts.filter(pk__gt=newest, is_superuser=True):
            made = {"is_staff": account.is_staff, "is_superuser": True}
            audit.record(Actor.command("createsuperuser"), "staff.create", "staff", account.get_username(), after=made)
