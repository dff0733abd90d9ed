"""Show the months of each table that is kept by month: which are ready, how large they are, how long they stay."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recsite.console.health_page import PERMISSION
from recsite.platform import partitions
from recsite.platform.humanize import EMPTY, pluralize
from recsite.platform.partitions import Partitioned, Size
from recsite.platform.parts import Badge, State
from recsite.platform.units import Unit, write


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one partition."""

    name: str
    badge: Badge
    rows: str
    size: str


@dataclass(frozen=True, slots=True)
class Table:
    """Hold a table and its partitions, the latest month first."""

    holds: str
    sentence: str
    alarm: str
    rows: list[Row]


@require_safe
@never_cache
@permission_required(PERMISSION, raise_exception=True)
def show(request: HttpRequest) -> HttpResponse:
    """Show every such table."""
    now = timezone.now()
    tables = [_table(one, now) for one in partitions.tables()]
    context = {**admin.site.each_context(request), "title": "Partitions", "tables": tables}
    return TemplateResponse(request, "admin/health/partitions.html", context)


def _table(table: Partitioned, now: datetime) -> Table:
    sizes = table.sizes()
    kept = f"for {pluralize(table.retention_months, 'month')}" if table.retention_months else "for good"
    ahead = table.months_ahead(now, sizes)
    total = filesizeformat(sum(one.size for one in sizes))
    return Table(
        table.holds,
        f"{total} in all, {pluralize(ahead, 'month')} ready ahead. Kept {kept} ({table.retention}).",
        table.alarm(now, ahead),
        [_row(table, one) for one in reversed(sizes)],
    )


def _row(table: Partitioned, size: Size) -> Row:
    if size.name == table.default:
        has_rows = bool(size.rows)
        badge = Badge("other months", State.WARN if has_rows else State.NONE, "Rows of months without a partition.")
    else:
        badge = Badge("attached") if size.is_attached else Badge("detached", State.NONE, "Kept, and read by nobody.")
    rows = EMPTY if size.rows is None else write(size.rows, Unit.COUNT)
    return Row(size.name.removeprefix(f"{table.table}_"), badge, rows, filesizeformat(size.size))
