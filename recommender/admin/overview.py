"""Show the first page of the admin: the live release, the latest jobs and events, and alerts."""

from typing import Any

from django.http import HttpRequest

from interactions.models import DeadLetter, Interaction
from recommender import registry
from recommender.admin import measures
from recommender.admin.job_buttons import may_operate
from recommender.insight import drift
from recommender.serving import candidates
from recsite.platform import workers
from recsite.platform.models import Job
from recsite.platform.redis import RedisDown

LATEST_JOBS, LATEST_EVENTS = 6, 8


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows; each part only to staff who may see it. Nothing is counted."""
    user = request.user
    context["alerts"] = []
    if user.has_perm("recommender.view_release"):
        context |= {"live": _live(), "may_operate": may_operate(request)}
        context["alerts"].append(_fault())
    if user.has_perm("recommender.view_driftreport"):
        context["drifts"] = [report for report in drift.latest() if report.is_drift]
    if user.has_perm("platform.view_job"):
        context["jobs"] = Job.objects.select_related("started_by")[:LATEST_JOBS]
        context["alerts"].append(_silence())
    if user.has_perm("interactions.view_interaction"):
        events = Interaction.objects.select_related("user", "item", "type").order_by("-occurred_at", "-id")
        context["events"] = events[:LATEST_EVENTS]
        context["has_dead_letters"] = DeadLetter.objects.exists()
    return context


def _fault() -> str:
    """Return why the live release is not served; empty where it is."""
    candidates.live()
    return candidates.fault()


def _silence() -> str:
    """Return why a job that is started now would wait; empty where it would not."""
    try:
        return workers.complaint()
    except RedisDown:
        return "Redis can't be reached: every list is made at request time, and no job can be started."


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
