"""Show staff a bar on every page: the live release, its measures, and *Reload*."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from catalog.models import EndUser
from recommender import registry
from recommender.models import Release, ReleaseModel
from recommender.registry.exceptions import ArtifactDamaged, NothingLive
from recsite.platform import humanize
from recsite.platform.audit import Actor
from storefront.views.visitor import Visitor, visitor_of

OPERATE, SEE = "recommender.operate", "recommender.view_placement"


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class StaffBar:
    """Hold what the bar shows; `release` and `since` are empty where nothing is live."""

    may_operate: bool
    person: int | None
    """The internal id of the user that the visitor acts as, if the database has them."""
    may_see_placements: bool = False
    release: str = ""
    since: str = ""
    figures: tuple[Figure, ...] = ()


def bar(request: HttpRequest) -> StaffBar | None:
    """Return the bar for staff; None for anybody else."""
    if not (request.user.is_active and request.user.is_staff):
        return None
    may_operate, person, live = request.user.has_perm(OPERATE), _person(visitor_of(request)), registry.live_release()
    may_see = request.user.has_perm(SEE)
    if live is None:
        return StaffBar(may_operate, person, may_see)
    since = humanize.distance(live.promoted_at or live.created_at)
    return StaffBar(may_operate, person, may_see, str(live), since, _figures(live))


@require_POST
def reload(request: HttpRequest) -> HttpResponse:
    """Have every process read the live models again. Without JavaScript the page that asked comes back."""
    if not request.user.has_perm(OPERATE):
        raise PermissionDenied("Only staff who may operate models can reload them. Sign in to the admin.")
    try:
        said = f"{registry.reload(actor=Actor.staff(request, 'storefront'))} is being read again."
    except (NothingLive, ArtifactDamaged) as reason:
        said = str(reason)
    back = _back(request)
    if request.headers.get("HX-Request"):
        return render(request, "storefront/_staff.html", {"staff": bar(request), "said": said, "back": back})
    messages.info(request, said)
    return redirect(back)


def _back(request: HttpRequest) -> str:
    """Return the page that asked, if it is one of ours."""
    asked = request.POST.get("back", "")
    return asked if url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else reverse("storefront:home")


def _person(visitor: Visitor | None) -> int | None:
    if visitor is None:
        return None
    return EndUser.objects.filter(user_id=visitor.user_id).values_list("pk", flat=True).first()


def _figures(release: Release) -> tuple[Figure, ...]:
    """Return the error of the rating model and the ranking of the leading source, popularity beside it."""
    members = list(release.members.select_related("version"))
    rating = max(members, key=lambda member: member.role == ReleaseModel.Role.RATING, default=None)
    leading = max(members, key=lambda member: release.weights.get(member.algorithm, 0.0), default=None)
    if rating is None or leading is None:
        return ()
    ranked = leading.version.metrics
    popular = ranked.get("beside", {}).get("popular", {})
    shown = (
        Figure("RMSE", _number(rating.version.metrics.get("metrics", {}).get("rmse"))),
        Figure("nDCG@10", _number(ranked.get("metrics", {}).get("ndcg_at_10")), _number(popular.get("ndcg_at_10"))),
    )
    return tuple(figure for figure in shown if figure.value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
