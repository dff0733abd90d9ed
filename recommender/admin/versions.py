from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from unfold.decorators import action, display

from recommender import tasks
from recommender.admin import comparison, live, measures
from recommender.admin.dialogs import PromoteVersion, RollBack
from recommender.admin.job_buttons import may_operate, start
from recommender.models import ModelVersion, Release, with_starter
from recommender.operations.sides import MODEL
from recsite.platform.console import ReadOnlyAdmin, dialog, structured
from recsite.platform.humanize import EMPTY, ago, decimal, duration, pluralize

STATE_COLOURS = {
    "live": "success",
    "ready": "info",
    "training": "warning",
    "failed": "danger",
    "ready, refused": "danger",
    "archived": "",
}


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Show every model ever fitted, with its measures, and the buttons that operate models."""

    empty = "No model has been trained yet: Train now makes the first."
    list_display = ("name", "state_label", "rmse", "ndcg", "recall", "coverage", "events", "took", "created")
    list_filter = ("algorithm", "state")
    list_before_template = "admin/recommender/modelversion/legend.html"
    ordering = ("-pk",)
    sortable_by = ()
    change_form_template = "admin/recommender/modelversion/change_form.html"
    actions = ("compare",)
    actions_list = ("train", "roll_back", "reload", "warm", "clear")
    actions_detail = ("promote", "take_out")
    readonly_fields = (
        "state_label",
        "starter",
        "gate",
        "trained_on",
        "fitted_in",
        "took",
        "settings_text",
        "metrics_text",
    )
    fieldsets = (
        (
            None,
            {"fields": (("algorithm", "state_label"), ("starter", "origin"), ("created_at", "finished_at"), "gate")},
        ),
        ("Data", {"fields": ("trained_on", ("data_from", "data_until"))}),
        ("How it was made", {"fields": ("settings_text", "seed", ("fitted_in", "took"))}),
        ("Everything measured", {"classes": ("collapse",), "fields": ("metrics_text",)}),
        ("Artifact and checksums", {"classes": ("collapse",), "fields": ("artifact", "checksum", "data_hash")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        serving = Release.objects.filter(state=Release.State.LIVE, members__version=OuterRef("pk"))
        return with_starter(super().get_queryset(request)).annotate(is_live=Exists(serving))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to promote what could be served and isn't yet, and to take out what is."""
        version = self.get_object(request, object_id)
        if version is None or version.state != ModelVersion.State.READY:
            return []
        offered = "take_out" if version.is_live else "promote"
        return [one for one in super().get_actions_detail(request, object_id) if one.action_name.endswith(offered)]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if version:
            other = None if version.is_live else live.versions().get(version.algorithm)
            context |= measures.of(version, other)
        return super().change_view(request, object_id, form_url, context)

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return may_operate(request)

    @display(description="model")
    def name(self, version: ModelVersion) -> str:
        return format_html('<span class="rs-line">{}</span>', version)

    @display(description="state", label=STATE_COLOURS)
    def state_label(self, version: ModelVersion) -> str:
        if getattr(version, "is_live", False):
            return "live"
        return "ready, refused" if version.is_refused and version.state == ModelVersion.State.READY else version.state

    @display(description="started by")
    def starter(self, version: ModelVersion) -> str:
        return version.starter or EMPTY

    @display(description="error (RMSE)")
    def rmse(self, version: ModelVersion) -> str:
        return measures.beside(version, "rmse")

    @display(description="ranking (nDCG@10)")
    def ndcg(self, version: ModelVersion) -> str:
        return measures.beside(version, "ndcg_at_10")

    @display(description="recall@10")
    def recall(self, version: ModelVersion) -> str:
        return measures.beside(version, "recall_at_10")

    @display(description="coverage@10")
    def coverage(self, version: ModelVersion) -> str:
        return measures.beside(version, "coverage_at_10")

    @display(description="quality gate")
    def gate(self, version: ModelVersion) -> str:
        if not version.verdict:
            return "Not judged: it neither leads the lists nor predicts ratings, or was trained elsewhere."
        return f"{'Passed' if version.verdict['passed'] else 'Refused'}. {version.verdict['sentence']}"

    @display(description="events")
    def events(self, version: ModelVersion) -> str:
        return decimal(version.n_events)

    @display(description="trained on")
    def trained_on(self, version: ModelVersion) -> str:
        if version.n_events is None:
            return EMPTY
        counts = (version.n_events, "event"), (version.n_users or 0, "user"), (version.n_items or 0, "item")
        return ", ".join(pluralize(number, noun) for number, noun in counts)

    @display(description="fitting took")
    def fitted_in(self, version: ModelVersion) -> str:
        return duration(version.fit_seconds)

    @display(description="took")
    def took(self, version: ModelVersion) -> str:
        return duration(version.duration_seconds)

    @display(description="created")
    def created(self, version: ModelVersion) -> str:
        return ago(version.created_at)

    settings_text = structured("settings")
    metrics_text = structured("metrics")

    @action(description="Compare two")
    def compare(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> HttpResponse | None:
        return comparison.chosen(request, MODEL, queryset)

    @action(
        description="Train now",
        icon="model_training",
        permissions=["operate"],
        dialog=dialog(
            "Train on everything that is stored now?",
            "The new models are measured on held-out events, and go live unless the quality gate refuses them.",
            "Train",
        ),
    )
    def train(self, request: HttpRequest, form: Any) -> HttpResponse:
        return start(request, tasks.rebuild, "train", "Train and promote")

    @action(
        description="Roll back",
        icon="undo",
        permissions=["operate"],
        dialog=dialog(
            "Go back to the release before this one?",
            "Every process serves it within two seconds.",
            "Roll back",
            RollBack,
        ),
    )
    def roll_back(self, request: HttpRequest, form: Any) -> HttpResponse:
        seen = form.cleaned_data["seen"] or 0
        return start(request, tasks.roll_back, "roll_back", "Roll back", release_id=seen)

    @action(
        description="Reload",
        icon="refresh",
        permissions=["operate"],
        dialog=dialog("Reload the live release everywhere?", "Every process reads its models again.", "Reload"),
    )
    def reload(self, request: HttpRequest, form: Any) -> HttpResponse:
        return start(request, tasks.reload, "reload", "Reload the live release")

    @action(
        description="Warm cache",
        icon="local_fire_department",
        permissions=["operate"],
        dialog=dialog(
            "Make the lists of all active users?", "They are answered from Redis afterwards.", "Warm the cache"
        ),
    )
    def warm(self, request: HttpRequest, form: Any) -> HttpResponse:
        return start(request, tasks.warm, "warm", "Warm the cache")

    @action(
        description="Clear cache",
        icon="delete_sweep",
        permissions=["operate"],
        dialog=dialog(
            "Throw all lists away?",
            "Each is made again when it is asked for, which takes longer.",
            "Clear the cache",
        ),
    )
    def clear(self, request: HttpRequest, form: Any) -> HttpResponse:
        return start(request, tasks.clear_cache, "clear_cache", "Clear the cache")

    @action(
        description="Promote",
        icon="publish",
        permissions=["operate"],
        dialog=dialog("Serve this model from now on?", "You can roll back at any time.", "Promote", PromoteVersion),
    )
    def promote(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        version = self.get_or_404(request, object_id)
        reason = form.cleaned_data.get("reason", "")
        return start(request, tasks.promote, "promote", f"Promote {version}", version_id=version.pk, reason=reason)

    @action(
        description="Take out",
        icon="playlist_remove",
        permissions=["operate"],
        dialog=dialog(
            "Serve the live release without this model?",
            "Scheduled trainings leave its algorithm out, until you promote or train it by hand. You can roll back.",
            "Take it out",
        ),
    )
    def take_out(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        version = self.get_or_404(request, object_id)
        return start(
            request, tasks.take_out, "take_out", f"Take {version} out of the release", algorithm=version.algorithm
        )
