"""Show dead letters by what is wrong with them, and mend all of a group by one repair."""

import re
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from interactions import letter_groups, letters, repairs, tasks
from interactions.letter_groups import LetterGroup
from interactions.letter_kinds import KINDS, LONGEST, UNKNOWN_ITEM, UNKNOWN_TYPE, Group
from interactions.models import DeadLetter
from interactions.repairs import Foreseen, Repair, Suggestion
from recsite.platform import jobs
from recsite.platform.audit import Actor
from recsite.platform.humanize import EMPTY, pluralize, structure
from recsite.platform.models import Job
from recsite.platform.parts import Badge, Empty, State

SEE, MEND = "interactions.view_deadletter", "interactions.change_deadletter"
PREVIEWED = 10
OPEN = 5
"""Groups of one kind of mistake that stand open; where there are more of them, they are folded under one line."""

AT_ONCE = 100
"""Letters that are replayed while the browser waits; more of them are a job of the worker."""

SHOWN = ("user_id", "item_id", "type", "value", "occurred_at")
LONGEST_SHOWN = 40
NAMED = {UNKNOWN_ITEM: "item", UNKNOWN_TYPE: "type"}
"""The kinds whose groups each name another thing, so that there can be a great many of them."""

ISO = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(\+00:00|Z)?$", re.ASCII)
"""A time in UTC as our own store writes it: the page leaves out the parts of a second."""

NONE_WAIT = Empty("No event waits here: every one that was accepted could be stored.")
NONE_IGNORED = Empty("Nobody ignores any dead letters.")


@require_safe
@never_cache
@permission_required(SEE, raise_exception=True)
def letter_groups_page(request: HttpRequest) -> HttpResponse:
    """Show the groups that wait or, with ?ignored=1, those that are ignored."""
    ignored = request.GET.get("ignored") == "1"
    found = letter_groups.groups(ignored=ignored)
    total = sum(one.number for one in found)
    many = f"{pluralize(len(found), 'kind')} of mistake in {pluralize(total, 'dead letter')}"
    context = {
        "summary": f"{many}{', ignored' if ignored else ''}." if found else "",
        "ignored": ignored,
        "kinds_of_rows": _by_kind(found),
        "empty": NONE_IGNORED if ignored else NONE_WAIT,
    }
    return _page(request, "groups", context, "Dead letters")


def _by_kind(found: list[LetterGroup]) -> list[dict[str, Any]]:
    """Return the groups by their kind of mistake, the kind with the most letters first; long ones are to be folded."""
    kinds: dict[str, list[LetterGroup]] = {}
    for one in found:
        kinds.setdefault(one.group.kind if one.group.kind in NAMED else "", []).append(one)
    made = [
        {
            "said": _kind_said(kind, rows) if kind else "",
            "is_folded": bool(kind) and len(rows) > OPEN,
            "number": sum(one.number for one in rows),
            "rows": [(one, address(one.group)) for one in rows],
        }
        for kind, rows in kinds.items()
    ]
    return sorted(made, key=lambda one: -one["number"])


def _kind_said(kind: str, rows: list[LetterGroup]) -> str:
    """Say how many letters name how many things that nobody knows."""
    letters = pluralize(sum(one.number for one in rows), "letter")
    return f"{KINDS[kind]}: {letters} of {pluralize(len(rows), NAMED[kind])}"


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@permission_required(SEE, raise_exception=True)
def letter_group_page(request: HttpRequest) -> HttpResponse:
    """Show one group with its repair and what that would store; by POST replay it, or ignore it."""
    group = Group(request.GET.get("kind", "")[:20], request.GET.get("named", "").replace("\x00", "")[:LONGEST])
    if request.method == "POST":
        if not request.user.has_perm(MEND):
            raise PermissionDenied("You may look at dead letters, and not mend them.")
        return _changed(request, group)
    found = letter_groups.one(group)
    if found is None:
        gone = Empty("No letter of this kind waits any more.", "Dead letters", reverse("dead-letters"))
        return _page(request, "group", {"empty": gone}, group.title)
    return _page(request, "group", _details(request, found), group.title)


def address(group: Group) -> str:
    """Return the address of a group's page."""
    return f"{reverse('dead-letter-group')}?{urlencode(group._asdict())}"


def _details(request: HttpRequest, found: LetterGroup) -> dict[str, Any]:
    group = found.group
    suggestion = repairs.suggest(group, found.example.reason)
    field, repair = repairs.field_of(group), suggestion.repair
    if field and "value" in request.GET:
        repair = _asked(field, request.GET)
    latest = list(DeadLetter.objects.of(group).order_by("-received_at", "-pk")[:AT_ONCE])
    foreseen = repairs.foresee(latest, repair)
    fit = sum(not one.obstacle for one in foreseen)
    return {
        "found": found,
        "badges": _badges(found),
        "reason": "" if found.example.reason == f"{group.title}." else found.example.reason,
        "payload_text": structure(found.example.payload),
        "field": field,
        "here": address(group),
        "repair": repair,
        "suggestion": suggestion,
        "offers": _offers(suggestion, repair),
        "rows": [_row(one, field) for one in foreseen[:PREVIEWED]],
        "replay_words": _replay_words(fit, len(foreseen), found.number),
        "columns": SHOWN,
        "preview_said": _said(foreseen, found.number),
        "may_mend": request.user.has_perm(MEND),
        "is_ignored": found.example.is_ignored,
        "all_letters": f"{reverse('admin:interactions_deadletter_changelist')}?{_filters(group)}",
        "is_item": group.kind == UNKNOWN_ITEM,
        "is_type": group.kind == UNKNOWN_TYPE,
    }


def _changed(request: HttpRequest, group: Group) -> HttpResponse:
    actor = Actor.staff(request)
    if "ignore" in request.POST or "restore" in request.POST:
        return _ignored(request, group, actor)
    field = repairs.field_of(group)
    repair = _asked(field, request.POST) if field else repairs.AS_THEY_ARE
    if "preview" in request.POST:
        return redirect(f"{address(group)}&{urlencode({'value': repair.value})}")
    number = DeadLetter.objects.of(group).count()
    if number > AT_ONCE:
        title = f"Replay {pluralize(number, 'dead letter')}: {group.title}"
        asked = {"group": list(group), "field": repair.field, "value": repair.value}
        job: Job = jobs.start(tasks.replay_dead_letters, "replay", title, actor=actor, **asked)
        return redirect("admin:platform_job_change", job.pk)
    done = repairs.replay_group(group, repair, actor=actor)
    messages.add_message(request, messages.WARNING if done.left else messages.SUCCESS, str(done))
    return redirect(address(group) if done.left else "dead-letters")


def _ignored(request: HttpRequest, group: Group, actor: Actor) -> HttpResponse:
    if "ignore" in request.POST:
        done = letters.ignore(group, actor=actor)
        said = f"Ignored: {group.title}. New letters of this kind are kept, and counted nowhere."
    else:
        done = letters.restore(group, actor=actor)
        said = f"Counted again: {group.title}."
    messages.success(request, said) if done else messages.info(request, "That was so already.")
    return redirect("dead-letters")


def _asked(field: str, values: Any) -> Repair:
    return Repair(field, values.get("value", "").replace("\x00", "").strip()[:255])


def _badges(found: LetterGroup) -> list[Badge]:
    badges = [Badge(pluralize(found.number, "letter"), State.WARN)]
    if found.example.is_ignored:
        badges.append(Badge("ignored", State.NONE, "It is counted neither in the menu nor in alerts."))
    return badges


def _offers(suggestion: Suggestion, repair: Repair) -> list[tuple[str, str]]:
    return [(value, meaning) for value, meaning in suggestion.choices if value != repair.value][:3]


def _row(one: Foreseen, field: str) -> dict[str, Any]:
    before = one.letter.payload if isinstance(one.letter.payload, dict) else {}
    after = one.payload if isinstance(one.payload, dict) else {}
    cells = [(name, _shown(name, before), _shown(name, after), name == field) for name in SHOWN]
    badge = Badge("can't be stored", State.BAD) if one.obstacle else Badge("would be stored", State.GOOD)
    return {"letter": one.letter, "cells": cells, "badge": badge, "obstacle": one.obstacle}


def _replay_words(fit: int, looked_at: int, number: int) -> str:
    """Return what the button does; nothing where it would store nothing."""
    if number > looked_at:
        return f"Save and replay all {number:,}"
    if not fit:
        return ""
    if fit == number:
        return f"Save and replay all {number:,}" if number > 1 else "Save and replay"
    return f"Save and replay: stores {fit:,} of {number:,}"


def _said(foreseen: list[Foreseen], number: int) -> str:
    fit = sum(not one.obstacle for one in foreseen)
    if number > len(foreseen):
        return f"Of the latest {len(foreseen)} of {number:,} letters {fit} would be stored."
    return f"{fit} of {pluralize(number, 'letter')} would be stored."


def _shown(name: str, payload: dict[str, Any]) -> str:
    value = payload.get(name)
    text = EMPTY if value is None or value == "" else str(value)
    if name == "occurred_at" and (moment := ISO.match(text)):
        return f"{moment[1]} {moment[2]}"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _filters(group: Group) -> str:
    return urlencode({"kind__exact": group.kind, "named__exact": group.named})


def _page(request: HttpRequest, name: str, context: dict[str, Any], title: str) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": title, "kinds": KINDS}
    return TemplateResponse(request, f"admin/interactions/deadletter/{name}.html", frame | context)
