"""The pages of one placement: its draft beside a preview, what is published, and the history with differences."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.expressions import parse
from recommender import merchandising
from recommender.admin import placement_chart, placement_previews
from recommender.admin.draft_rows import OF_THEIR_OWN, setting_rows
from recommender.admin.placement_forms import DraftForm, PublishForm, SubjectForm
from recommender.admin.rule_words import in_words as in_plain_words
from recommender.insight import analytics
from recommender.insight.item_totals import ENOUGH
from recommender.merchandising import ListSettings, StaleDraft, StaleRevision, differences
from recommender.merchandising.settings import TABLE, in_words
from recommender.models import Placement
from recommender.serving import candidates
from recommender.serving.rule_conflicts import conflicts
from recsite.platform import redis
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid, UserFacingError
from recsite.platform.humanize import distance
from recsite.platform.units import Unit, write

VIEW, CHANGE = "recommender.view_placement", "recommender.change_placement"
LISTED = 50
"""Revisions that the history shows."""


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the draft beside a preview of it; store it by POST. A stale form is told, and loses nothing."""
    placement = open_placement(request, pk)
    if request.method != "POST":
        form = DraftForm(placement, draft_of(placement))
        return _draft_page(request, placement, form)
    _may_change(request)
    form = DraftForm(placement, draft_of(placement), request.POST)
    if not form.is_valid():
        return _draft_page(request, placement, form)
    seen = form.cleaned_data["version"]
    try:
        held = merchandising.save_draft(placement, form.settings.as_json(), seen, actor=Actor.staff(request))
    except StaleDraft as stale:
        return _stale_page(request, form, stale)
    if "publish" in request.POST:
        return redirect("admin:placement-publish", pk)
    messages.success(request, f"The draft is saved, as version {held.draft_version}. Nothing is published yet.")
    return redirect("admin:placement-draft", pk)


@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what the form as it stands would list, beside what is live. Nothing is stored or counts as shown.

    Who may only look has no form: theirs is of the stored draft.
    """
    placement = open_placement(request, pk)
    if not _can_change(request):
        shown = placement_previews.of(placement, draft_of(placement), SubjectForm(placement, request.POST))
        return render(request, "admin/recommender/placement/_preview.html", shown)
    form = DraftForm(placement, draft_of(placement), request.POST)
    if not form.is_valid():
        return render(request, "admin/recommender/placement/_preview.html", {"wrong": form.errors.values()})
    shown = placement_previews.of(placement, form.settings, SubjectForm(placement, request.POST))
    rows = setting_rows(form, form.settings, live_of(placement)) if request.headers.get("HX-Request") else []
    return render(request, "admin/recommender/placement/_preview.html", {**shown, "said": rows, "form": form})


@require_safe
def published(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is live in words, since when and by whom, and what each revision achieved."""
    placement = open_placement(request, pk)
    own = live_of(placement)
    lines = [
        (label.capitalize(), in_words(name, getattr(own, name)))
        for name, (_, kinds, label) in TABLE.items()
        if placement.kind in kinds and name not in OF_THEIR_OWN
    ]
    context: dict[str, Any] = {
        "lines": lines,
        "rules": [in_plain_words(rule) for rule in own.rules],
        "filters": [parse(own.filter).words] if own.filter else [],
        "achieved": [_achieved(one) for one in analytics.revision_totals(placement.name, LISTED)],
    }
    context |= placement_previews.shown_now(placement, own)
    context["chart"] = placement_chart.of(placement)
    return placement_page(request, placement, "published", context)


@require_safe
def revisions(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every revision with what it changed."""
    placement = open_placement(request, pk)
    rows = list(placement.revisions.order_by("-number")[: LISTED + 1])
    settings = [ListSettings.stored(row.settings) for row in rows]
    befores: list[ListSettings | None] = [*settings[1:], None]
    told = [
        {"row": row, "changes": None if before is None else differences(before, own)}
        for row, own, before in zip(rows, settings, befores, strict=True)
    ]
    return placement_page(
        request, placement, "revisions", {"history": told[:LISTED], "may_change": _can_change(request)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before the draft is published, stating what will change; publish it by POST, once."""
    placement = open_placement(request, pk)
    _may_change(request)
    form = PublishForm(request.POST if request.method == "POST" else None, initial=_seen(placement))
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            made = merchandising.publish(
                placement, sent["version"], sent["live"], sent["note"], actor=Actor.staff(request)
            )
        except UserFacingError as error:
            return _told(request, pk, error)
        messages.success(
            request, f"{str(made).capitalize()} of {placement.name} is live: everywhere within two seconds."
        )
        return redirect("admin:placement-published", pk)
    if placement.draft is None:
        messages.info(request, "There is no draft to publish. Change something and save it first.")
        return redirect("admin:placement-draft", pk)
    changes = differences(live_of(placement), draft_of(placement))
    context = {"form": form, "changes": changes, "consequences": _consequences(placement)}
    context["conflicts"] = conflicts(placement.kind, draft_of(placement))
    return placement_page(request, placement, "publish", context)


@require_POST
def revert(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish an earlier revision again. It carries what was live when it was decided: sent twice it reverts once."""
    placement = open_placement(request, pk)
    _may_change(request)
    number, live = (request.POST.get(name, "") for name in ("to", "live"))
    if not (number.isdecimal() and live.isdecimal()):
        raise Http404("The form is not whole. Go back, and reload the page.")
    try:
        made = merchandising.revert(placement, int(number), int(live), actor=Actor.staff(request))
    except UserFacingError as error:
        return _told(request, pk, error)
    messages.success(request, f"{placement.name} is as in revision {number} again, published as {made}.")
    return redirect("admin:placement-revisions", pk)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the draft away."""
    placement = open_placement(request, pk)
    _may_change(request)
    seen = request.POST.get("version", "")
    try:
        merchandising.discard_draft(placement, int(seen) if seen.isdecimal() else -1, actor=Actor.staff(request))
    except UserFacingError as error:
        return _told(request, pk, error)
    messages.success(request, "The draft is gone. What is live stays.")
    return redirect("admin:placement-draft", pk)


PAGES: Mapping[str, Callable[..., HttpResponse]] = {
    "draft": draft,
    "preview": preview,
    "published": published,
    "revisions": revisions,
    "publish": publish,
    "revert": revert,
    "discard": discard,
}
"""By the last part of their addresses."""


def live_of(placement: Placement) -> ListSettings:
    """Return what is live: as usual, where nothing is published."""
    return ListSettings.stored(placement.live.settings) if placement.live else ListSettings()


def draft_of(placement: Placement) -> ListSettings:
    """Return the draft; where there is none, what is live."""
    return live_of(placement) if placement.draft is None else ListSettings.stored(placement.draft)


def open_placement(request: HttpRequest, pk: int) -> Placement:
    """Return the placement for whoever may look at it. Raises PermissionDenied, and Http404."""
    if not (request.user.has_perm(VIEW) or _can_change(request)):
        raise PermissionDenied(f"Your account lacks the permission {VIEW}.")
    found = Placement.objects.select_related("live").filter(pk=pk).first()
    if found is None:
        raise Http404("This placement was deleted. The list of placements has those that there are.")
    return found


def _can_change(request: HttpRequest) -> bool:
    return request.user.has_perm(CHANGE)


def _may_change(request: HttpRequest) -> None:
    if not _can_change(request):
        raise PermissionDenied(f"Your account lacks the permission {CHANGE}.")


def _achieved(totals: analytics.RevisionTotals) -> dict[str, Any]:
    """Return what a revision achieved; of few showings no click-through is said."""
    rate = totals.click_rate if totals.shown >= ENOUGH else None
    said = {"rate": write(rate, Unit.SHARE, 2), "few": bool(totals.shown) and rate is None}
    return {name: getattr(totals, name) for name in ("revision", "first_day", "last_day", "shown", "clicked")} | said


def _seen(placement: Placement) -> dict[str, Any]:
    return {"version": placement.draft_version, "live": placement.live.number if placement.live else None}


def _told(request: HttpRequest, pk: int, error: UserFacingError) -> HttpResponse:
    """Go back to the draft with what came between; nothing is lost there."""
    stale = isinstance(error, StaleDraft | StaleRevision)
    said = " ".join(error.errors.values()) if isinstance(error, Invalid) else str(error)
    messages.warning(request, f"Nothing was changed. {said}" if stale else said)
    return redirect("admin:placement-draft", pk)


def _draft_page(request: HttpRequest, placement: Placement, form: DraftForm, **more: Any) -> HttpResponse:
    subject = SubjectForm(placement, request.POST or request.GET or None)
    own = form.settings if form.is_bound and form.is_valid() else draft_of(placement)
    live = live_of(placement)
    is_as_live = own == live and not subject.is_bound
    shown = placement_previews
    context = {
        "form": form,
        "rows": setting_rows(form, own, live),
        "subject": subject,
        "may_change": _can_change(request),
        "changes": differences(live, draft_of(placement)),
        "chart": placement_chart.of(placement),
        **(shown.shown_now(placement, own) if is_as_live else shown.of(placement, own, subject)),
        **more,
    }
    return placement_page(request, placement, "draft", context)


def _stale_page(request: HttpRequest, form: DraftForm, stale: StaleDraft) -> HttpResponse:
    """Show both, the form as it was sent and what is stored now: saving again takes the place of the latter."""
    held = stale.placement
    form.data = {**form.data.dict(), "version": str(held.draft_version)}  # type: ignore[attr-defined]  # a browser's
    theirs = draft_of(held)
    page = _draft_page(
        request, held, form, stale=str(stale.errors["version"]), theirs=differences(theirs, form.settings)
    )
    page.status_code = 409
    return page


def _consequences(placement: Placement) -> list[str]:
    """Say what publishing will do, as of now."""
    found = [f"{placement.name} shows the draft in every process within two seconds, cached lists included."]
    if seen := placement_previews.changes_for_somebody(placement, draft_of(placement)):
        found.append(seen)
    if placement.live:
        live = placement.live
        by = f" by {live.published_by}" if live.published_by else ""
        found.append(f"It takes the place of {live}, published{by} {distance(live.published_at)}.")
        if placement.draft_base is not None and placement.draft_base != live.number:
            found.append(
                f"The draft was begun from revision {placement.draft_base}: what came since is replaced as well."
            )
    if placement.draft_saved_at:
        saved = distance(placement.draft_saved_at)
        found.append(f"The draft was saved by {placement.draft_saved_by or 'somebody'} {saved}.")
    found.append("You can return to any revision by one click, in the history.")
    return found


def placement_page(request: HttpRequest, placement: Placement, tab: str, context: dict[str, Any]) -> HttpResponse:
    """Show one of its tabs."""
    frame = {
        **admin.site.each_context(request),
        "title": placement.name,
        "opts": placement._meta,
        "original": placement,
        "placement": placement,
        "tab": tab,
        "nothing_live": candidates.live().number is None,
        "fault": candidates.fault(),
        "without_redis": redis.is_down(),
    }
    return TemplateResponse(request, f"admin/recommender/placement/{tab}.html", frame | context)
