"""Show what releases and drafts were estimated to achieve, and have it estimated anew."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanWidget

from recommender.admin.job_buttons import OPERATE, may_operate, start
from recommender.merchandising import ListSettings
from recommender.models import Placement, Release
from recommender.operations.estimate_words import interval_in_words
from recommender.tasks import estimating
from recsite.platform.humanize import EMPTY, ago

LISTED = 20
"""The newest releases, which can be chosen and whose estimates are shown."""

DRAFT = "draft"


class EstimateForm(forms.Form):
    """Choose what is estimated, and where."""

    candidate = forms.ChoiceField(label="What", widget=UnfoldAdminSelectWidget)
    placement = forms.ChoiceField(label="At the placement", widget=UnfoldAdminSelectWidget)
    is_later_only = forms.BooleanField(
        label="Only lists from after the training",
        required=False,
        widget=UnfoldBooleanWidget,
        help_text="A model has learned from the clicks on earlier ones, which flatters it. There may be too few later.",
    )

    def __init__(self, releases: list[Release], placements: list[Placement], data: Any = None) -> None:
        super().__init__(data)
        known = [(str(one.pk), f"{one} ({one.state})") for one in releases]
        self.fields["candidate"].choices = [*known, (DRAFT, "the draft of the placement")]  # type: ignore[attr-defined]  # its own
        self.fields["placement"].choices = [(one.name, _named(one)) for one in placements]  # type: ignore[attr-defined]  # its own


def _named(placement: Placement) -> str:
    share = _share(placement)
    return f"{placement.name} ({100 * share:g} % drawn)" if share else f"{placement.name} (draws nothing)"


def _share(placement: Placement) -> float:
    return ListSettings.stored(placement.live.settings).randomised_share if placement.live else 0.0


@permission_required("recommender.view_release", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def estimates(request: HttpRequest) -> HttpResponse:
    """Show what was estimated of the newest releases; estimate one, or a draft, by POST: a job."""
    named = request.GET.get("release", "")
    releases = list(Release.objects.order_by("-pk")[:LISTED])
    if named.isdecimal() and len(named) < 10 and not any(one.pk == int(named) for one in releases):
        releases += Release.objects.filter(pk=int(named))
    kinds = (Placement.Kind.ANY, Placement.Kind.USER)
    placements = list(Placement.objects.select_related("live").filter(kind__in=kinds).order_by("name"))
    form = EstimateForm(releases, placements, request.POST or None)
    drawing = next((one.name for one in placements if _share(one)), "")
    form.initial = {"candidate": named, "placement": request.GET.get("placement", drawing)}
    if request.method == "POST":
        if not may_operate(request):
            raise PermissionDenied(f"Your account lacks the permission {OPERATE}.")
        if form.is_valid():
            return _start(request, form.cleaned_data)
    context = {
        **admin.site.each_context(request),
        "title": "Estimates",
        "form": form,
        "rows": [row for release in releases for row in _rows(release)],
        "drawing": [one.name for one in placements if _share(one)],
        "has_releases": bool(releases),
        "may_operate": may_operate(request),
    }
    return TemplateResponse(request, "admin/recommender/estimates.html", context)


def beside_the_gate(release: Release) -> SafeString:
    """Return what a release was estimated to achieve, and where more is estimated, for its own page."""
    told = [(one["sentence"],) for one in release.estimates.values()]
    page = format_html(
        '<a class="rs-link" href="{}">Estimate what it would achieve</a>',
        f"{reverse('estimates')}?{urlencode({'release': release.pk})}",
    )
    return format_html("{}{}", format_html_join("", "{}<br>", told), page)


def _start(request: HttpRequest, sent: dict[str, Any]) -> HttpResponse:
    chosen, placement = sent["candidate"], sent["placement"]
    release = 0 if chosen == DRAFT else int(chosen)
    what = f"release {release}" if release else "the draft"
    about = {"placement": placement, "release": release, "is_later_only": sent["is_later_only"]}
    return start(request, estimating.estimate_candidate, "estimate", f"Estimate {what} at {placement}", **about)


def _rows(release: Release) -> list[dict[str, Any]]:
    return [
        {
            "release": release,
            "placement": one["placement"],
            "clicks": interval_in_words(one["doubly_robust"]) if one["doubly_robust"] else EMPTY,
            "second": interval_in_words(one["self_normalised"]) if one["self_normalised"] else EMPTY,
            "usual": EMPTY if one["usual_clicks_per_list"] is None else f"{one['usual_clicks_per_list']:.3g}",
            "overlap": EMPTY if one["overlap"] is None else f"{one['overlap']:.0%}",
            "lists": one["lists"],
            "effective_users": round(one["effective_users"]),
            "made": ago(parse_datetime(one["made_at"])),
            "sentence": one["sentence"],
        }
        for one in release.estimates.values()
    ]
