"""Show how every part is, which process serves which release, what waits, and what runs when."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_celery_beat.models import PeriodicTask

from recommender import cache
from recommender.serving import candidates, processes
from recommender.serving.processes import Process
from recsite.console import backlog, backups, renewing, running_parts, schedule
from recsite.console.renewing import Part
from recsite.platform import alerts, database, series
from recsite.platform.backup import storage
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Unavailable
from recsite.platform.humanize import pluralize
from recsite.platform.parts import Badge, State
from recsite.platform.redis import RedisDown
from recsite.platform.units import Unit, write

PERMISSION = "platform.view_job"
SEE_SCHEDULE, RUN = "django_celery_beat.view_periodictask", "django_celery_beat.change_periodictask"


@require_safe
@never_cache
@permission_required(PERMISSION, raise_exception=True)
def show(request: HttpRequest) -> HttpResponse:
    """Show the page; a part that is down is a line of it."""
    context = {
        **admin.site.each_context(request),
        "title": "Health",
        "live_part": _live(request).html,
        **_schedule(request),
        "may_run": request.user.has_perm(RUN),
    }
    return TemplateResponse(request, "admin/health/health.html", context)


@require_safe
@never_cache
@permission_required(PERMISSION, raise_exception=True)
def live(request: HttpRequest) -> HttpResponse:
    """Return what changes by itself, for a page that stands open."""
    return _live(request).answer(request)


@require_POST
@permission_required(RUN, raise_exception=True)
def run_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a task of the schedule now; the list of the schedule has the same verb for several."""
    return _do(request, pk, "run_tasks")


@require_POST
@permission_required(RUN, raise_exception=True)
def switch_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch a task of the schedule on or off; the list of the schedule does the same for several."""
    is_on = request.POST.get("on") == "1"
    return _do(request, pk, "enable_tasks" if is_on else "disable_tasks")


def _do(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    task = get_object_or_404(PeriodicTask, pk=pk)
    page: Any = admin.site.get_model_admin(PeriodicTask)
    getattr(page, verb)(request, PeriodicTask.objects.filter(pk=task.pk))
    return redirect("health-page")


def _schedule(request: HttpRequest) -> dict[str, Any]:
    """Return the tasks of the schedule: those that failed or are off, which stand open, and the others."""
    if not request.user.has_perm(SEE_SCHEDULE):
        return {"has_schedule": False}
    tasks = schedule.tasks()
    return {
        "has_schedule": True,
        "tasks": tasks,
        "odd_tasks": [task for task in tasks if task.badge],
        "usual_tasks": [task for task in tasks if not task.badge],
    }


def _live(request: HttpRequest) -> Part:
    lines, details = running_parts.parts()
    said, rows = _processes()
    context = {
        "alerts": alerts.shown_to(request.user),
        "summary": running_parts.summary(lines),
        "troubled": [part for part in lines if part.badge.state == State.BAD],
        "well": [part for part in lines if part.badge.state != State.BAD],
        "has_backups": storage.is_set_up(),
        "queues": backlog.queues(details["broker"]),
        "readers": backlog.readers(),
        "cache": _cache(),
        "backups": backups.sentences(),
        "said": said,
        "processes": rows,
    }
    return renewing.render(request, "admin/health/live.html", context, page="health-live", query={})


def _processes() -> tuple[str, list[tuple[Process, Badge]]]:
    """Return in words where the live release is in force, and each process with the release that it has."""
    number = candidates.live().number
    try:
        rows = processes.everyone()
        said = str(processes.in_force(number)) if number else "No release is live."
    except RedisDown:
        return "Redis can't be reached, so nobody knows what each process has loaded.", []
    return said, [(one, _badge(one, number)) for one in rows]


def _badge(process: Process, number: int | None) -> Badge:
    if process.fault:
        return Badge("can't load it", State.BAD, process.fault)
    return Badge("as live", State.GOOD) if process.release == number else Badge("not yet", State.WARN)


def _cache() -> list[str]:
    """Say how well lists come from the cache, and whether it has room."""
    said = []
    try:
        made = database.ask(lambda: series.read_span(series.ANSWERS, "1h")).now.get("")
        if made is None or not made.total.count:
            said.append("No list was made for a user in the last hour.")
        else:
            share, many = write(made.total.hit_share, Unit.SHARE), pluralize(made.total.count, "list")
            said.append(f"{share} of {many} of the last hour came from the cache.")
    except (DatabaseDown, DatabaseError):
        said.append("The database can't be reached, so nobody knows how many lists came from the cache.")
    try:
        state = cache.state()
    except Unavailable:
        return [*said, "Redis can't be reached: every list is made at request time."]
    room = f" of {filesizeformat(state.max_memory_bytes)} that it may have" if state.max_memory_bytes else ""
    said.append(f"Redis holds {pluralize(state.keys, 'key')} in {filesizeformat(state.memory_bytes)}{room}.")
    if state.evicted_keys:
        thrown = pluralize(state.evicted_keys, "key")
        said.append(f"It has thrown away {thrown} for want of memory since it started: give it more.")
    return said
