"""Filters of Activity: who, what kind of object, which days, and by which door."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from recsite.platform.models import AuditEntry

READ = 5_000
"""The latest changes, of which choices are offered: a record of years would be read for a handful of names."""

MOST = 100


class _Named(SimpleListFilter):
    """Offer the values that a column has lately, and whatever the address asks for."""

    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        latest = AuditEntry.objects.order_by("-at", "-pk").values("pk")[:READ]
        rows = AuditEntry.objects.filter(pk__in=latest).order_by(self.column).values_list(self.column, flat=True)
        found = list(rows.distinct()[:MOST])
        asked = request.GET.get(self.parameter_name or "")
        return [(name, name.replace("_", " ")) for name in [*found, *([asked] if asked and asked not in found else [])]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class PersonFilter(_Named):
    title, parameter_name, column = "who", "who", "actor"


class KindFilter(_Named):
    title, parameter_name, column = "kind", "kind", "object_type"


class DoorFilter(_Named):
    title, parameter_name, column = "door", "door", "door"


class DayFilter(SimpleListFilter):
    """Offer the last days, each of them in UTC; an address may name any day as 2026-05-31."""

    title, parameter_name = "day", "day"
    SPANS = {"hour": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "28d": timedelta(days=28)}
    NAMES = {"hour": "the last hour", "24h": "24 hours", "7d": "7 days", "28d": "28 days"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.now().date()
        days = [today - timedelta(days=number) for number in range(7)]
        offered = [*self.NAMES.items(), *((f"{day}", f"{day:%A, %-d %B}") for day in days)]
        asked = request.GET.get("day", "")
        is_new = _day(asked) is not None and asked not in dict(offered)
        return [*offered, (asked, asked)] if is_new else offered

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        value = self.value() or ""
        if value in self.SPANS:
            return queryset.filter(at__gte=timezone.now() - self.SPANS[value])
        day = _day(value)
        return queryset.filter(at__gte=day, at__lt=day + timedelta(days=1)) if day else queryset


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.get_default_timezone())
    except ValueError:
        return None
