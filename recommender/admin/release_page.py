"""Compute the page of a release: how good it is, what it serves as a diagram, its models and its history."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from recommender import registry
from recommender.admin import measures, release_flow, release_timeline, release_words
from recommender.admin.comparison import address
from recommender.admin.job_buttons import may_operate
from recommender.insight import release_clicks, stretches
from recommender.models import Release, ReleaseModel
from recommender.operations import flow
from recommender.operations.release_words import how_good_beside, roles
from recommender.operations.sides import RELEASE, Side
from recommender.serving import processes
from recommender.serving.candidates import POPULAR
from recsite.platform.redis import RedisDown


def of(request: HttpRequest, release: Release) -> dict[str, Any]:
    """Return what the page of a release shows; its members and their versions were read with it."""
    now, when = timezone.now(), stretches.stretches().get(release.pk, ())
    is_live = release.state == Release.State.LIVE
    live = release if is_live else Release.objects.filter(state=Release.State.LIVE).first()
    other = release.replaced_id if release.promoted_at else live and live.pk
    side = Side.of_release(release)
    beside = Side.of(RELEASE, other) if other else None
    leaders = {release.pk: side.leader.pk} if side.leader else {}
    clicks = release_clicks.read(leaders, {release.pk: when}, POPULAR, now).get(release.pk)
    found = flow.flow(release)
    versions = sorted((one.version for one in release.members.all()), key=lambda version: version.pk)
    return {
        "release": release,
        "badge": release_words.badge(release, when),
        "said": release_words.told(release, when, now),
        "quality": how_good_beside(side, beside, is_first=other is None),
        "figures": release_timeline.figures_of(side, beside, clicks),
        "gate": release_timeline.gate_of(release),
        "doubts": registry.doubts(release),
        "in_force": _in_force(release) if is_live else "",
        "flow": found,
        "diagram": release_flow.draw(found),
        "models": [_model(release, one, role) for one, role in _members(release)],
        "history": release_words.history(release, versions, when),
        "is_live": is_live,
        "compare": [(number, address(RELEASE, *sorted((number, release.pk)))) for number in _others(release, live)],
        "estimate": f"{reverse('estimates')}?release={release.pk}",
        "may_operate": may_operate(request),
    }


def _others(release: Release, live: Release | None) -> list[int]:
    """Return the releases that somebody wants to see beside it: the one that it replaced, and the live one."""
    wanted = (release.replaced_id, live.pk if live else None)
    return [number for number in dict.fromkeys(wanted) if number and number != release.pk]


def _members(release: Release) -> list[tuple[ReleaseModel, str]]:
    by_name = {one.algorithm: one for one in release.members.all()}
    return [(by_name[name], role) for name, role in roles(release).items()]


def _model(release: Release, member: ReleaseModel, role: str) -> dict[str, Any]:
    version = member.version
    is_rating = member.role == ReleaseModel.Role.RATING
    return {
        "version": version,
        "role": f"{role}, predicts ratings" if is_rating else role,
        "rmse": measures.beside(version, "rmse"),
        "ndcg": measures.beside(version, "ndcg_at_10"),
        "coverage": measures.beside(version, "coverage_at_10"),
        "can_go": release.state == Release.State.LIVE and len(release.members.all()) > 1,
    }


def _in_force(release: Release) -> str:
    """Say which processes serve it, as they tell themselves."""
    try:
        return str(processes.in_force(release.pk))
    except RedisDown:
        return "Redis can't be reached, so nobody knows which processes serve it."
