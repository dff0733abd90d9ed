from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from recommender import tasks
from recommender.admin.operations import dialog, start
from recommender.models import Release
from recsite.platform.console import ReadOnlyAdmin, ago


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """What is served now, what was, and what could be."""

    list_display = ("name", "state_label", "bundle", "promoted", "promoted_by", "created")
    list_filter = ("state",)
    list_select_related = ("promoted_by",)
    ordering = ("-pk",)
    sortable_by = ()
    actions_row = ("promote",)
    actions_detail = ("promote",)
    readonly_fields = ("state_label", "bundle")
    fields = ("state_label", "bundle", "weights", "replaced", ("promoted_at", "promoted_by"), "created_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("members__version")

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("recommender.operate")

    @display(description="release")
    def name(self, release: Release) -> str:
        return str(release)

    @display(description="state", label={"live": "success", "candidate": "info", "archived": ""})
    def state_label(self, release: Release) -> str:
        return release.state

    @display(description="models")
    def bundle(self, release: Release) -> str:
        return ", ".join(f"{member.version} ({member.get_role_display()})" for member in release.members.all())

    @display(description="promoted", ordering="promoted_at")
    def promoted(self, release: Release) -> str:
        return ago(release.promoted_at)

    @display(description="made", ordering="created_at")
    def created(self, release: Release) -> str:
        return ago(release.created_at)

    @action(
        description="Promote",
        icon="publish",
        permissions=["operate"],
        dialog=dialog("Serve this release from now on?", "You can roll back at any time.", "Promote"),
    )
    def promote(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        return start(request, tasks.promote, "promote", f"Promote release {object_id}", release_id=int(object_id))
