"""Show how every part is, which process serves which release, what waits, and what runs when."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_celery_beat.models import PeriodicTask

from recommender.serving import candidates, processes
from recommender.serving.processes import Process
from recsite import health
from recsite.console import schedule
from recsite.health import Details
from recsite.platform.humanize import duration, pluralize
from recsite.platform.parts import Badge, State
from recsite.platform.redis import RedisDown
from recsite.platform.units import Unit, write

PERMISSION = "platform.view_job"
SEE_SCHEDULE, RUN = "django_celery_beat.view_periodictask", "django_celery_beat.change_periodictask"

NAMES = {
    "database": "Database",
    "redis": "Redis",
    "broker": "Task broker",
    "worker": "Workers",
    "kafka": "Kafka",
    "release": "Release",
    "catalogue": "Catalogue",
    "partitions": "Partitions",
    "disk": "Disk",
    "memory": "Memory",
}
TO_DO = {
    "database": "Check that PostgreSQL runs, and that DATABASE_URL leads to it.",
    "redis": "Check that Redis runs, and that REDIS_URL leads to it.",
    "broker": "Check that the broker runs, and that CELERY_BROKER_URL leads to it.",
    "worker": "Start a worker; what waits is done then, nothing is lost.",
    "kafka": "Check that the brokers run. Events are kept meanwhile, and sent when they are back.",
    "release": "Train and promote a release, or roll back to one that can be loaded.",
    "catalogue": "It is read again by itself; if it stays so, look into the log of this server.",
    "partitions": "Run manage.py partitions, and check that the task Maintain partitions is on.",
    "disk": "Free some space, or drop old months: docs/OPERATIONS.md.",
    "memory": "Run fewer processes (API_WORKERS), or give the machine more.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Hold a line of the page."""

    name: str
    badge: Badge
    latency: str
    sentence: str
    to_do: str


@require_safe
@never_cache
@permission_required(PERMISSION, raise_exception=True)
def show(request: HttpRequest) -> HttpResponse:
    """Show the page; a part that is down is a line of it."""
    details = {name: health.look_at(name) for name in health.PARTS}
    parts = [_part(name, found) for name, found in details.items()]
    down = sum(part.badge.state == State.BAD for part in parts)
    said, rows = _processes()
    context = {
        **admin.site.each_context(request),
        "title": "Health",
        "summary": f"{pluralize(down, 'part')} of {len(parts)} down." if down else "Every part works.",
        "parts": parts,
        "queues": details["broker"].get("queues", {}),
        "said": said,
        "processes": rows,
        "tasks": schedule.tasks() if request.user.has_perm(SEE_SCHEDULE) else None,
        "may_run": request.user.has_perm(RUN),
    }
    return TemplateResponse(request, "admin/health/health.html", context)


@require_POST
@permission_required(RUN, raise_exception=True)
def run_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a task of the schedule now; the list of the schedule has the same verb for several."""
    task = get_object_or_404(PeriodicTask, pk=pk)
    page: Any = admin.site.get_model_admin(PeriodicTask)
    page.run_tasks(request, PeriodicTask.objects.filter(pk=task.pk))
    return redirect("health-page")


def _part(name: str, found: Details) -> Part:
    is_well = found["status"] == "ok"
    badge = Badge("works", State.GOOD) if is_well else Badge("down", State.BAD)
    sentence = _words(name, found) if is_well else found["message"]
    latency = write(found["latency_ms"], Unit.MILLISECONDS)
    return Part(NAMES.get(name, name.capitalize()), badge, latency, sentence, "" if is_well else TO_DO.get(name, ""))


def _words(name: str, found: Details) -> str:
    """Say what is known of a part that works."""
    if name == "broker":
        return f"{pluralize(found['waiting'], 'task')} waiting."
    if name == "kafka":
        return f"{pluralize(found['lag'], 'event')} not yet stored." if found["in_use"] else "Not in use."
    if name == "release":
        return f"Release {found['id']}, live for {duration(found['age_secs'])}."
    if found.get("free_bytes") is not None:
        return f"{filesizeformat(found['free_bytes'])} of {filesizeformat(found['total_bytes'])} free."
    return ""


def _processes() -> tuple[str, list[tuple[Process, Badge]]]:
    """Return in words where the live release is in force, and each process with the release that it has."""
    live = candidates.live().number
    try:
        rows = processes.everyone()
        said = str(processes.in_force(live)) if live else "No release is live."
    except RedisDown:
        return "Redis can't be reached, so nobody knows what each process has loaded.", []
    return said, [(one, _badge(one, live)) for one in rows]


def _badge(process: Process, live: int | None) -> Badge:
    if process.fault:
        return Badge("can't load it", State.BAD, process.fault)
    return Badge("as live", State.GOOD) if process.release == live else Badge("not yet", State.WARN)
