"""The page of a placement's shadows: what runs and what it found, the form that starts one, and those of before."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from recommender.admin.placement_pages import open_placement, placement_page
from recommender.insight import shadows as sums
from recommender.models import Placement, Release, Shadow
from recommender.operations import shadows
from recommender.serving.candidates import live
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid, UserFacingError
from recsite.platform.humanize import milliseconds

OPERATE = "recommender.operate"
LISTED = 10


class ShadowForm(forms.Form):
    """Choose what is to make lists unseen, checked as the API checks it."""

    kind = forms.ChoiceField(
        label="Candidate",
        choices=[
            ("release", "a release"),
            ("model", "a model in the place of its like"),
            ("revision", "a revision of this placement"),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    number = forms.IntegerField(label="Its number", min_value=1, widget=UnfoldAdminIntegerFieldWidget)
    percent = forms.FloatField(
        label="Share of the lists shown, in percent",
        min_value=0.1,
        max_value=100,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def shadow(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the placement's shadow found; start or stop one by POST."""
    placement = open_placement(request, pk)
    may_operate = request.user.has_perm(OPERATE)
    form = ShadowForm(initial=_usual())
    if request.method == "POST":
        if not may_operate:
            raise PermissionDenied(f"Your account lacks the permission {OPERATE}.")
        if "stop" in request.POST:
            return _stop(request, placement)
        form = ShadowForm(request.POST)
        if form.is_valid() and _start(request, placement, form):
            return redirect("admin:placement-shadow", pk)
    rows = list(Shadow.objects.filter(placement=placement.name)[:LISTED])
    found = sums.reports(rows)
    told = [_told(one, found[one.pk]) for one in rows]
    running = next((one for one in told if one["row"].stopped_at is None), None)
    context = {
        "form": form,
        "running": running,
        "before": [one for one in told if one is not running],
        "may_operate": may_operate,
        "can_be_scored": placement.kind in shadows.KINDS,
        "not_scored": shadows.passed_by(placement.name),
    }
    return placement_page(request, placement, "shadow", context)


def _start(request: HttpRequest, placement: Placement, form: ShadowForm) -> bool:
    """Tell if the form is done with: what is wrong with its fields stands there."""
    sent = form.cleaned_data
    body = {"placement": placement.name, sent["kind"]: sent["number"], "share": sent["percent"] / 100}
    try:
        made = shadows.start(body, actor=Actor.staff(request))
    except Conflict as error:
        messages.warning(request, " ".join(error.errors.values()))
        return True
    except Invalid as error:
        for name, sentence in error.errors.items():
            form.add_error("percent" if name == "share" else None if name == "placement" else "number", sentence)
        return False
    messages.success(
        request, f"{made.candidate.capitalize()} makes lists from now on, unseen. The first sums come within seconds."
    )
    return True


def _stop(request: HttpRequest, placement: Placement) -> HttpResponse:
    """Stop the shadow that the page showed, and no other one."""
    number = request.POST["stop"]
    try:
        stopped = shadows.stop(shadows.find(int(number) if number.isdecimal() else 0), actor=Actor.staff(request))
    except (UserFacingError, Shadow.DoesNotExist) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{stopped.candidate.capitalize()} is stopped. What it found stays.")
    return redirect("admin:placement-shadow", placement.pk)


def _told(one: Shadow, report: sums.Report) -> dict[str, Any]:
    pairs = zip(("Half of the lists within", "95 of 100 within"), report.seconds, report.live_seconds, strict=True)
    return {
        "row": one,
        "report": report,
        "share": f"{100 * one.share:.3g} %",
        "times": [(name, milliseconds(own), milliseconds(other)) for name, own, other in pairs],
        "is_live": one.release is not None and one.release == live().number,
    }


def _usual() -> dict[str, Any]:
    """Suggest the newest release that is not live."""
    newest = Release.objects.exclude(state=Release.State.LIVE).order_by("-pk").values_list("pk", flat=True).first()
    return {"kind": "release", "number": newest, "percent": 10}
