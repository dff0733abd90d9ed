"""The bar that signed-in staff see on every page: what is live, how good it is, and *Reload*."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.timesince import timesince
from django.views.decorators.http import require_POST

from recommender import registry
from recommender.exceptions import ArtifactDamaged, NothingLive
from recommender.models import ModelVersion, Release, ReleaseMember

OPERATE = "recommender.operate"


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: str
    beside: str = ""


@dataclass(frozen=True, slots=True)
class StaffBar:
    """`release` and `age` are empty where nothing is live."""

    release: str = ""
    age: str = ""
    figures: tuple[Figure, ...] = ()
    may_operate: bool = False


def bar(request: HttpRequest) -> StaffBar | None:
    """The bar for staff; nobody else gets one."""
    if not (request.user.is_active and request.user.is_staff):
        return None
    may_operate = request.user.has_perm(OPERATE)
    live = registry.live_release()
    if live is None:
        return StaffBar(may_operate=may_operate)
    return StaffBar(str(live), _age(live.promoted_at or live.created_at), _figures(_main_version(live)), may_operate)


@require_POST
def reload(request: HttpRequest) -> HttpResponse:
    """Has every process read the live models again. Without JavaScript the page that asked comes back."""
    if not request.user.has_perm(OPERATE):
        raise PermissionDenied("Only staff who may operate models can reload them. Sign in to the admin.")
    try:
        said = f"{registry.reload()} is being read again."
    except (NothingLive, ArtifactDamaged) as reason:
        said = str(reason)
    back = _back(request)
    if request.headers.get("HX-Request"):
        return render(request, "demo/_staff.html", {"staff": bar(request), "said": said, "back": back})
    messages.info(request, said)
    return redirect(back)


def _back(request: HttpRequest) -> str:
    """The page that asked, where it is one of ours."""
    asked = request.POST.get("back", "")
    return asked if url_has_allowed_host_and_scheme(asked, allowed_hosts=None) else reverse("demo:home")


def _age(since: datetime) -> str:
    now = timezone.now()
    return "less than a minute" if now - since < timedelta(minutes=1) else timesince(since, now, depth=1)


def _main_version(release: Release) -> ModelVersion | None:
    """The rating model, whose figures stand beside popularity's; without one, any ranking source."""
    members = release.members.select_related("version")
    main = max(members, key=lambda member: member.role == ReleaseMember.Role.RATING, default=None)
    return main.version if main else None


def _figures(version: ModelVersion | None) -> tuple[Figure, ...]:
    if version is None:
        return ()
    own = version.metrics.get("metrics", {})
    beside = version.metrics.get("beside", {}).get("popular", {})
    shown = (
        Figure("RMSE", _number(own.get("rmse"))),
        Figure("nDCG@10", _number(own.get("ndcg_at_10")), _number(beside.get("ndcg_at_10"))),
    )
    return tuple(figure for figure in shown if figure.value)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
