"""Show the first page of the admin: the live release, the latest jobs and events, drift and dead letters."""

from typing import Any

from django.http import HttpRequest

from interactions.models import DeadLetter, Interaction
from recommender import registry
from recommender.admin import measures
from recommender.admin.job_buttons import may_operate
from recommender.insight import drift
from recsite.platform.models import Job

LATEST_JOBS, LATEST_EVENTS = 6, 8


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows; each part only to staff who may see it. Nothing is counted."""
    user = request.user
    if user.has_perm("recommender.view_release"):
        context |= {"live": _live(), "may_operate": may_operate(request)}
    if user.has_perm("recommender.view_driftreport"):
        context["drifts"] = [report for report in drift.latest() if report.is_drift]
    if user.has_perm("platform.view_job"):
        context["jobs"] = Job.objects.select_related("started_by")[:LATEST_JOBS]
    if user.has_perm("interactions.view_interaction"):
        events = Interaction.objects.select_related("user", "item", "type").order_by("-occurred_at", "-id")
        context["events"] = events[:LATEST_EVENTS]
        context["has_dead_letters"] = DeadLetter.objects.exists()
    return context


def _live() -> dict[str, Any] | None:
    release = registry.live_release()
    if release is None:
        return None
    return {
        "release": release,
        "members": [
            {
                "version": member.version,
                "role": member.get_role_display(),
                "rmse": measures.beside(member.version, "rmse"),
                "ndcg": measures.beside(member.version, "ndcg_at_10"),
                "coverage": measures.beside(member.version, "coverage_at_10"),
            }
            for member in release.members.select_related("version").order_by("role", "algorithm")
        ],
    }
