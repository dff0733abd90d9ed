from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone
from rest_framework_api_key.admin import APIKeyModelAdmin
from rest_framework_api_key.models import APIKey as LibrarysOwnKey
from unfold.decorators import action, display

from recsite.platform import jobs
from recsite.platform.console import ConsoleAdmin, ReadOnlyAdmin, ago, leave_dialog
from recsite.platform.models import ApiKey, Job

STATE_COLOURS = {"queued": "info", "running": "warning", "succeeded": "success", "failed": "danger", "cancelled": ""}

# The library registers a page for a table that nothing here uses.
admin.site.unregister(LibrarysOwnKey)


@admin.register(ApiKey)
class ApiKeyAdmin(APIKeyModelAdmin, ConsoleAdmin):
    """Keys are shown once, when they are made."""

    list_filter = ("revoked",)
    search_fields = ("name", "prefix")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return ("name", "prefix", "made", "expiry_date", "state")

    @display(description="made", ordering="created")
    def made(self, key: ApiKey) -> str:
        return ago(key.created)

    @display(description="state", label={"valid": "success", "expired": "warning", "revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        if key.revoked:
            return "revoked"
        return "expired" if key.expiry_date and key.expiry_date < timezone.now() else "valid"


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Long work, with a live bar."""

    list_display = ("title", "state_label", "percent", "message", "started_by", "created")
    list_filter = ("state", "kind")
    list_select_related = ("started_by",)
    change_form_template = "admin/platform/job/change_form.html"
    fields = ("title", "state_label", "message", "started_by", "created_at", "started_at", "finished_at", "log")
    readonly_fields = ("state_label",)
    actions_detail = ("cancel",)

    @display(description="state", label=STATE_COLOURS, ordering="state")
    def state_label(self, job: Job) -> str:
        return job.state

    @display(description="progress", ordering="progress")
    def percent(self, job: Job) -> str:
        return f"{job.progress:.0%}"

    @display(description="created", ordering="created_at")
    def created(self, job: Job) -> str:
        return ago(job.created_at)

    def get_urls(self) -> list[URLPattern]:
        status = self.admin_site.admin_view(self.status_view)
        return [path("<int:pk>/status/", status, name="platform_job_status"), *super().get_urls()]

    def status_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """What the live bar asks for every second."""
        job = get_object_or_404(Job, pk=pk)
        return JsonResponse({**job.as_status(), "log": job.log})

    @action(
        description="Cancel",
        icon="cancel",
        dialog={
            "title": "Cancel this job?",
            "description": "It stops at its next step; nothing half-done stays behind.",
            "form_class": None,
            "form_submit_text": "Cancel the job",
        },
    )
    def cancel(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        jobs.cancel(int(object_id))
        return leave_dialog(request, "admin:platform_job_change", object_id)
