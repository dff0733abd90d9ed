from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.decorators import action, display

from recommender import registry, tasks
from recommender.admin import estimates, release_page, release_timeline
from recommender.admin.dialogs import PromoteRelease
from recommender.admin.job_buttons import may_operate, start
from recommender.insight.item_totals import ENOUGH
from recommender.models import Release, with_promoter
from recommender.operations.release_words import how_good
from recsite.platform.console import ReadOnlyAdmin, dialog, structured
from recsite.platform.humanize import EMPTY


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Show what is served now, what was served before, and what could be: a timeline, and a page for each."""

    change_form_template = "admin/recommender/release/page.html"
    actions_detail = ("promote",)
    readonly_fields = ("weights_text", "fingerprints", "estimated", "promoter")
    fieldsets = (
        (
            "Details",
            {
                "classes": ("collapse",),
                "fields": (
                    ("created_at", "promoted_at"),
                    ("promoter", "replaced"),
                    "override",
                    "estimated",
                    "weights_text",
                    "fingerprints",
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        return with_promoter(super().get_queryset(request)).prefetch_related("members__version")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Read a release once for a page: its buttons ask for it as the page does."""
        if request.method != "GET":
            return super().get_object(request, object_id, from_field)
        kept = request.__dict__.setdefault("_releases", {})
        if object_id not in kept:
            kept[object_id] = super().get_object(request, object_id, from_field)
        return kept[object_id]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the timeline. Its form leads to the comparison of the two that are ticked."""
        if not self.has_view_permission(request):
            raise PermissionDenied("Your account lacks the permission recommender.view_release.")
        text = request.GET.get("before", "")
        found = release_timeline.timeline(int(text) if text.isdecimal() and len(text) < 10 else None)
        context = {
            **self.admin_site.each_context(request),
            "title": "Releases",
            "opts": self.opts,
            "timeline": found,
            "quality": how_good(found.live.release.pk, found.live.release.replaced_id) if found.live else "",
            "doubts": registry.doubts(found.live.release) if found.live else (),
            "shown_enough": bool(found.clicks and found.clicks.total.shown >= ENOUGH),
            "may_operate": may_operate(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/recommender/release/timeline.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        release = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if release and self.has_view_permission(request, release):
            context |= release_page.of(request, release)
        return super().change_view(request, object_id, form_url, context)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer no promotion of a release that is live."""
        release = self.get_object(request, object_id)
        is_live = release is None or release.state == Release.State.LIVE
        return [] if is_live else super().get_actions_detail(request, object_id)

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return may_operate(request)

    weights_text = structured("weights")

    @display(description="estimated")
    def estimated(self, release: Release) -> str:
        """Return what it would achieve, as far as it was estimated from lists that were drawn at random."""
        return estimates.beside_the_gate(release)

    @display(description="checksums")
    def fingerprints(self, release: Release) -> str:
        """Return the checksum of each model's files, for whoever compares machines."""
        found = [f"{one.version}: {one.version.checksum}" for one in release.members.all() if one.version.checksum]
        return "\n".join(found) or EMPTY

    @display(description="promoted by")
    def promoter(self, release: Release) -> str:
        return release.promoter or EMPTY

    @action(
        description="Promote",
        icon="publish",
        permissions=["operate"],
        dialog=dialog("Serve this release from now on?", "You can roll back at any time.", "Promote", PromoteRelease),
    )
    def promote(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        release = self.get_or_404(request, object_id)
        reason = form.cleaned_data.get("reason", "")
        return start(request, tasks.promote, "promote", f"Promote {release}", release_id=release.pk, reason=reason)
