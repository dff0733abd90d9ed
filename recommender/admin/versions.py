from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display

from recommender import tasks
from recommender.admin import figures
from recommender.admin.operations import dialog, start
from recommender.models import ModelVersion, Release
from recsite.platform.console import ReadOnlyAdmin, ago

STATE_COLOURS = {"live": "success", "ready": "info", "training": "warning", "failed": "danger", "archived": ""}


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """Every model ever fitted, with how good it is, and the buttons that operate them."""

    list_display = ("name", "state_label", "rmse", "ndcg", "recall", "coverage", "trained_on", "took", "created")
    list_filter = ("algorithm", "state")
    list_select_related = ("started_by",)
    ordering = ("-pk",)
    sortable_by = ()
    change_form_template = "admin/recommender/modelversion/change_form.html"
    actions_list = ("train", "roll_back", "reload", "warm")
    actions_row = ("promote",)
    actions_detail = ("promote",)
    readonly_fields = ("state_label", "trained_on", "took")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("algorithm", "state_label"),
                    ("started_by", "origin"),
                    ("created_at", "finished_at"),
                    "error",
                )
            },
        ),
        ("Data", {"fields": (("data_from", "data_until"), "trained_on", "data_hash")}),
        ("How it was made", {"fields": ("settings", ("seed", "fit_seconds", "duration_seconds"))}),
        ("Artifact", {"fields": ("artifact", "checksum")}),
        ("Everything measured", {"fields": ("metrics",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        live = Release.objects.filter(state=Release.State.LIVE, members__version=OuterRef("pk"))
        return super().get_queryset(request).annotate(is_live=Exists(live))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = ModelVersion.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        context = {**(extra_context or {}), **(figures.of(version) if version else {})}
        return super().change_view(request, object_id, form_url, context)

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("recommender.operate")

    @display(description="model")
    def name(self, version: ModelVersion) -> str:
        return str(version)

    @display(description="state", label=STATE_COLOURS)
    def state_label(self, version: ModelVersion) -> str:
        return "live" if getattr(version, "is_live", False) else version.state

    @display(description="RMSE")
    def rmse(self, version: ModelVersion) -> str:
        return figures.beside(version, "rmse")

    @display(description="nDCG@10")
    def ndcg(self, version: ModelVersion) -> str:
        return figures.beside(version, "ndcg_at_10")

    @display(description="recall@10")
    def recall(self, version: ModelVersion) -> str:
        return figures.beside(version, "recall_at_10")

    @display(description="coverage")
    def coverage(self, version: ModelVersion) -> str:
        return figures.beside(version, "coverage_at_10")

    @display(description="trained on")
    def trained_on(self, version: ModelVersion) -> str:
        if version.n_events is None:
            return "–"
        return f"{version.n_events:,} events, {version.n_users:,} people, {version.n_items:,} items"

    @display(description="took")
    def took(self, version: ModelVersion) -> str:
        return "–" if version.duration_seconds is None else f"{version.duration_seconds:.1f} s"

    @display(description="created", ordering="created_at")
    def created(self, version: ModelVersion) -> str:
        return ago(version.created_at)

    @action(
        description="Train now",
        icon="model_training",
        permissions=["operate"],
        dialog=dialog(
            "Train on everything that is stored now?",
            "The new models are measured on held-out events and go live when they are ready.",
            "Train",
        ),
    )
    def train(self, request: HttpRequest, form: Any) -> HttpResponse:
        return start(request, tasks.train, "train", "Train and promote")

    @action(
        description="Roll back",
        icon="undo",
        permissions=["operate"],
        dialog=dialog(
            "Go back to the release before this one?",
            "All processes serve it within two seconds. Its lists are still there or are made on demand.",
            "Roll back",
        ),
    )
    def roll_back(self, request: HttpRequest, form: Any) -> HttpResponse:
        return start(request, tasks.roll_back, "roll_back", "Roll back")

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
            "Compute the lists of all active people?", "They are answered from Redis afterwards.", "Warm the cache"
        ),
    )
    def warm(self, request: HttpRequest, form: Any) -> HttpResponse:
        return start(request, tasks.warm, "warm", "Warm the cache")

    @action(
        description="Promote",
        icon="publish",
        permissions=["operate"],
        dialog=dialog(
            "Serve this model from now on?",
            "It joins the rest of the live release; you can roll back at any time.",
            "Promote",
        ),
    )
    def promote(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        version = ModelVersion.objects.get(pk=object_id)
        return start(request, tasks.promote, "promote", f"Promote {version}", version_id=version.pk)
