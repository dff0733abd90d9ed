from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from unfold.admin import TabularInline
from unfold.decorators import action, display

from recommender import registry, tasks
from recommender.admin import comparison, estimates, measures
from recommender.admin.dialogs import PromoteRelease
from recommender.admin.job_buttons import may_operate, start
from recommender.models import Release, ReleaseModel, with_promoter
from recommender.operations.compare import RELEASE
from recommender.serving import processes
from recsite.platform.console import ReadOnlyAdmin, ReadOnlyInline, dialog
from recsite.platform.humanize import EMPTY, ago
from recsite.platform.redis import RedisDown


class MemberInline(ReadOnlyInline, TabularInline):
    """Show the models of a release, and the weight of each."""

    model = ReleaseModel
    verbose_name_plural = "models"
    hide_title = True
    fields = ("version", "role", "weight", "rmse", "ndcg", "coverage")
    readonly_fields = ("weight", "rmse", "ndcg", "coverage")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReleaseModel]:
        return super().get_queryset(request).select_related("version", "release").order_by("role", "algorithm")

    @display(description="weight in the ranking")
    def weight(self, member: ReleaseModel) -> str:
        weight = member.release.weights.get(member.algorithm)
        return f"{weight:g}" if weight else "fills gaps"

    @display(description="error (RMSE)")
    def rmse(self, member: ReleaseModel) -> str:
        return measures.beside(member.version, "rmse")

    @display(description="ranking (nDCG@10)")
    def ndcg(self, member: ReleaseModel) -> str:
        return measures.beside(member.version, "ndcg_at_10")

    @display(description="coverage@10")
    def coverage(self, member: ReleaseModel) -> str:
        return measures.beside(member.version, "coverage_at_10")


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    """Show what is served now, what was served before, and what could be."""

    empty = "There is no release yet: training makes one of every model."
    list_display = ("name", "state_label", "bundle", "promoted", "promoter", "created")
    list_filter = ("state",)
    ordering = ("-pk",)
    sortable_by = ()
    actions = ("compare",)
    actions_detail = ("promote",)
    inlines = (MemberInline,)
    readonly_fields = ("state_label", "in_force", "attention", "gate", "estimated", "promoter")
    fields = (
        ("state_label", "replaced"),
        ("promoted_at", "promoter"),
        "created_at",
        "in_force",
        "attention",
        "gate",
        "estimated",
        "override",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        return with_promoter(super().get_queryset(request)).prefetch_related("members__version")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer no promotion of a release that is live."""
        release = self.get_object(request, object_id)
        is_live = release is None or release.state == Release.State.LIVE
        return [] if is_live else super().get_actions_detail(request, object_id)

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return may_operate(request)

    @display(description="release")
    def name(self, release: Release) -> str:
        return format_html('<span class="rs-line">{}</span>', release)

    @display(description="state", label={"live": "success", "candidate": "info", "archived": ""})
    def state_label(self, release: Release) -> str:
        return release.state

    @display(description="models")
    def bundle(self, release: Release) -> str:
        return ", ".join(f"{member.version} ({member.get_role_display()})" for member in release.members.all())

    @display(description="quality gate")
    def gate(self, release: Release) -> str:
        """Return the verdict on each model that was judged."""
        said = [(version, version.verdict["sentence"]) for version in release.versions.all() if version.verdict]
        return format_html_join(mark_safe("<br>"), "{}: {}", said) or EMPTY

    @display(description="estimated")
    def estimated(self, release: Release) -> str:
        """Return what it would achieve, as far as it was estimated from lists that were drawn at random."""
        return estimates.beside_the_gate(release)

    @display(description="in force")
    def in_force(self, release: Release) -> str:
        """Return which processes serve it, as they say themselves."""
        if release.state != Release.State.LIVE:
            return EMPTY
        try:
            return str(processes.in_force(release.pk))
        except RedisDown:
            return "Redis can't be reached, so nobody knows which processes serve it."

    @display(description="attention")
    def attention(self, release: Release) -> str:
        return " ".join(registry.doubts(release)) or EMPTY

    @display(description="promoted by")
    def promoter(self, release: Release) -> str:
        return release.promoter or EMPTY

    @display(description="promoted")
    def promoted(self, release: Release) -> str:
        return ago(release.promoted_at)

    @display(description="made")
    def created(self, release: Release) -> str:
        return ago(release.created_at)

    @action(description="Compare two")
    def compare(self, request: HttpRequest, queryset: QuerySet[Release]) -> HttpResponse | None:
        return comparison.chosen(request, RELEASE, queryset)

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
