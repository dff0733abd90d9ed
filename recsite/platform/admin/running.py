from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from unfold.decorators import action, display

from recsite.platform import job_steps, jobs
from recsite.platform.admin import job_page
from recsite.platform.audit import THE_SCHEDULE, Actor, Kind
from recsite.platform.console import ReadOnlyAdmin, dialog, leave_dialog
from recsite.platform.humanize import EMPTY, ago, duration
from recsite.platform.models import FeedCursor, Generation, Job

STATE_COLOURS = {
    "queued": "info",
    "running": "warning",
    "succeeded": "success",
    "skipped": "",
    "failed": "danger",
    "cancelled": "",
}


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin):
    """Numbers that rise with every change: by them processes learn that what they keep in memory is old."""

    empty = "Nothing has changed yet."
    list_display = ("name", "value")


@admin.register(FeedCursor)
class FeedCursorAdmin(ReadOnlyAdmin):
    """Positions up to which readers have read the rows of a table."""

    empty = "Nobody has read anything yet: beat begins with it."
    list_display = ("name", "position", "read")
    sortable_by = ()
    fields = ("name", "position", "read_at", "rebuilt_at", "safe_upto", "writers")

    @display(description="last read")
    def read(self, reader: FeedCursor) -> str:
        return ago(reader.read_at)


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Long work, with a live bar. Whoever started a job may see and stop it."""

    empty = "Nothing was started yet. Models have the buttons that train, roll back, reload and warm."
    list_display = ("title", "state_label", "percent", "said", "took", "started", "created")
    list_filter = ("state", "kind")
    list_select_related = ("started_by",)
    sortable_by = ()
    change_form_template = "admin/platform/job/change_form.html"
    fields = (("started", "created"), ("took", "attempts"))
    readonly_fields = ("started", "created", "took")
    actions_detail = ("cancel",)

    def has_view_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        own = obj is not None and obj.started_by_id == request.user.pk
        return own or super().has_view_permission(request, obj)

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        job = self.get_object(request, object_id)
        own = job is not None and job.started_by_id == request.user.pk
        return own or request.user.has_perm("platform.change_job")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to stop only what is not over."""
        job = self.get_object(request, object_id)
        return super().get_actions_detail(request, object_id) if job and not job.is_over else []

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Take all that is said of the job from one reading of it: it may end while its page is made."""
        job = context.get("original")
        told = job_page.of(request, job) if job else {}
        return super().render_change_form(request, context | told, *args, **kwargs)

    @display(description="state", label=STATE_COLOURS, ordering="state")
    def state_label(self, job: Job) -> str:
        return job.state

    @display(description="progress")
    def percent(self, job: Job) -> str:
        return f"{job.progress:.0%}"

    @display(description="message")
    def said(self, job: Job) -> str:
        return EMPTY if job.is_over and not job.message else job_page.said(job)

    @display(description="started by")
    def started(self, job: Job) -> str:
        """Name the account, the key or the command that started it, or say that the schedule did."""
        actor = jobs.actor_of(job)
        return THE_SCHEDULE if actor.kind == Kind.SCHEDULE else actor.name

    @display(description="took")
    def took(self, job: Job) -> str:
        if job.started_at is None or job.finished_at is None:
            return EMPTY
        return duration((job.finished_at - job.started_at).total_seconds())

    @display(description="created")
    def created(self, job: Job) -> str:
        return ago(job.created_at)

    def get_urls(self) -> list[URLPattern]:
        status = self.admin_site.admin_view(self.status_view)
        return [path("<int:pk>/status/", status, name="platform_job_status"), *super().get_urls()]

    def status_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Return the state of a job; its live bar asks every second."""
        job = get_object_or_404(Job, pk=pk)
        if not self.has_view_permission(request, job):
            raise PermissionDenied("You may not see this job.")
        told = {"message": job_page.said(job), "log": job.log, **job_steps.as_json(job)}
        return JsonResponse({**job.as_status(), **told})

    @action(
        description="Cancel",
        icon="cancel",
        permissions=["cancel"],
        dialog=dialog(
            "Cancel this job?", "It stops at its next step; nothing half-done stays behind.", "Cancel the job"
        ),
    )
    def cancel(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        if not jobs.cancel(self.get_or_404(request, object_id).pk, actor=Actor.staff(request)):
            messages.info(request, "The job was over already.")
        return leave_dialog(request, "admin:platform_job_change", object_id)
