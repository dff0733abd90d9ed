"""Show the distance between today's events and those that the models learned from."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import display

from recommender.models import DriftReport
from recsite.platform.charts import Chart, Series, chart
from recsite.platform.console import ReadOnlyAdmin
from recsite.platform.humanize import EMPTY, ago, distance
from recsite.platform.thresholds import DRIFT
from recsite.platform.units import Unit

CHARTED = timedelta(days=7)


@permission_required("recommender.view_driftreport", raise_exception=True)
def charts(request: HttpRequest) -> HttpResponse:
    """Show the distances of the last days, a line for each distribution and window."""
    until = timezone.now()
    reports = DriftReport.objects.filter(made_at__gte=until - CHARTED).order_by("made_at")
    lines: dict[tuple[str, int], list[DriftReport]] = {}
    for report in reports.defer("shifts"):
        lines.setdefault((report.distribution, report.window_minutes), []).append(report)
    context = {
        **admin.site.each_context(request),
        "title": "Drift",
        "threshold": DRIFT.limit,
        "retrains": settings.DRIFT_RETRAINS,
        "charts": [_chart(found, until) for _, found in sorted(lines.items())],
    }
    return TemplateResponse(request, "admin/recommender/drift.html", context)


def _chart(reports: list[DriftReport], until: datetime) -> Chart:
    """Return the chart of one distribution in windows of one length, with the threshold."""
    latest = reports[-1]
    name = str(latest.get_distribution_display())
    verdict = " Drift." if latest.is_drift else ""
    return chart(
        f"{name[:1].upper()}{name[1:]}, last {latest.window_label}",
        [report.made_at for report in reports],
        [Series("PSI", [report.psi for report in reports])],
        unit=Unit.NUMBER,
        sentence=f"PSI {latest.psi:.3f}, Jensen-Shannon {latest.js:.3f}, {distance(latest.made_at)}.{verdict}",
        limit=("Drift from", DRIFT.limit),
        span=(until - CHARTED, until),
    )


@admin.register(DriftReport)
class DriftReportAdmin(ReadOnlyAdmin):
    """Show the reports, the latest first."""

    empty = "There is no report yet: beat makes one every ten minutes, once a release is live and events have come."
    list_display = ("made", "distribution", "window_label", "psi_text", "js_text", "verdict", "events_now")
    list_filter = ("distribution", "window_minutes", "is_drift")
    sortable_by = ()
    fields = (
        ("made_at", "release"),
        ("distribution", "window_label"),
        ("verdict", "psi_text"),
        ("noise_text", "js_text"),
        ("events_before", "events_now"),
        "shifts_text",
    )

    @display(description="made")
    def made(self, report: DriftReport) -> str:
        return ago(report.made_at)

    @display(description="window")
    def window_label(self, report: DriftReport) -> str:
        return report.window_label

    @display(description="PSI")
    def psi_text(self, report: DriftReport) -> str:
        return f"{report.psi:.3f}"

    @display(description="Jensen-Shannon")
    def js_text(self, report: DriftReport) -> str:
        return f"{report.js:.3f}"

    @display(description="chance alone")
    def noise_text(self, report: DriftReport) -> str:
        return f"PSI up to {report.noise:.3f}"

    @display(description="verdict", label={"as before": "success", "drift": "warning"})
    def verdict(self, report: DriftReport) -> str:
        return "drift" if report.is_drift else "as before"

    @display(description="events before")
    def events_before(self, report: DriftReport) -> str:
        return f"{report.n_before:,}"

    @display(description="events now")
    def events_now(self, report: DriftReport) -> str:
        return f"{report.n_now:,}"

    @display(description="what moved most")
    def shifts_text(self, report: DriftReport) -> str:
        rows: Iterable[tuple[str, str, str]] = (
            (name, f"{before:.1%}", f"{now:.1%}") for name, before, now in report.shifts
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {} before, {} now</li>", rows)) or EMPTY
