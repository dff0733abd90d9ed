"""Record what staff change by the forms of the admin: for rows that no verb writes."""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import model_to_dict
from django.http import HttpRequest

from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.console import ConsoleAdmin

PLAIN = (str, int, float, bool, type(None), dict, date, timedelta, Decimal)
"""What the record holds as it is; anything else as its text."""

UNTOLD = "changed"
"""Stands for a value that is nobody's business."""


class AuditedAdmin(ConsoleAdmin):
    """Record each addition, change and deletion, in its own transaction, with the fields that changed."""

    audited_as = ""
    """Of what the record speaks: the object's type, and the first half of the verbs."""

    audited_by = "pk"
    """The field by which others know the row."""

    untold: Collection[str] = ()
    """Fields of which the record says no more than that they changed: secrets, and what users' ids may stand in."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Taken from the database: the form has changed the object already.
        form.audited_before = self._stored(obj.pk, form.changed_data) if change else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Record the change here, after rows that others point to are stored as well."""
        super().save_related(request, form, formsets, change)
        before = form.audited_before
        found = self._stored(form.instance.pk, form.changed_data if change else list(form.fields))
        after = {name: value for name, value in found.items() if name not in before or before[name] != value}
        if after or not change:
            was = {name: before[name] for name in after if name in before}
            verb = "change" if change else "create"
            self.record(request, form.instance, verb, before=self._told(was), after=self._told(after))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self.record(request, obj, "delete", before=self._told(model_to_dict(obj)))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for obj in queryset:
                self.record(request, obj, "delete", before=self._told(model_to_dict(obj)))
            super().delete_queryset(request, queryset)

    def record(self, request: HttpRequest, obj: Model, verb: str, **told: Any) -> None:
        """Record a verb of this page; call it in the transaction of the change."""
        name = f"{self.audited_as.replace(' ', '_')}.{verb}"
        audit.record(Actor.staff(request), name, self.audited_as, getattr(obj, self.audited_by), **told)

    def _stored(self, pk: Any, fields: Collection[str]) -> dict[str, Any]:
        return model_to_dict(self.model._base_manager.get(pk=pk), fields=fields)

    def _told(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: UNTOLD if name in self.untold else _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return sorted(map(str, value))
    return value if isinstance(value, PLAIN) else str(value)
