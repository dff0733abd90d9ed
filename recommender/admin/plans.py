"""Pages where staff choose how each algorithm is trained."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, ForeignKey, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from recommender import registry
from recommender.engine.algorithms import ALGORITHMS
from recommender.models import AlgorithmSettings, TrainingPlan
from recommender.training import refit, train
from recsite.platform.audit import Actor
from recsite.platform.audited_admin import AuditedAdmin
from recsite.platform.console import dialog, leave_dialog
from recsite.platform.humanize import ago

SCHEDULED = (("Retrain and promote", "is_retrained"), ("Rebuild everything", "is_rebuilt"))
"""The scheduled trainings by the names in the schedule, and the annotation that says whether they train it."""


@admin.register(TrainingPlan)
class TrainingPlanAdmin(AuditedAdmin):
    """Choose the settings of each algorithm, and see what scheduled trainings leave out, and why."""

    audited_as = "training plan"
    list_display = ("algorithm", "uses", "scheduled")
    list_select_related = ("chosen",)
    sortable_by = ()
    actions = None
    fields = ("algorithm", "scheduled", "chosen", "held")
    readonly_fields = ("algorithm", "scheduled")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TrainingPlan]:
        registry.ensure_plans()
        hourly = refit.hourly() or train.DEFAULT
        return (
            super()
            .get_queryset(request)
            .annotate(is_retrained=Q(algorithm__in=hourly), is_rebuilt=Q(algorithm__in=train.EVERYTHING))
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TrainingPlan | None = None) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the settings of this algorithm alone."""
        match = request.resolver_match
        algorithm = match.kwargs.get("object_id", "") if match else ""
        kwargs["queryset"] = AlgorithmSettings.objects.filter(algorithm=algorithm)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @display(description="settings")
    def uses(self, plan: TrainingPlan) -> str:
        return str(plan.chosen or "the defaults")

    @display(description="scheduled trainings")
    def scheduled(self, plan: TrainingPlan) -> str:
        """Name the scheduled trainings that train it: which these are depends on what is live."""
        if plan.held:
            return f"leave it out: {plan.held}"
        names = ", ".join(name for name, field in SCHEDULED if getattr(plan, field, False))
        return f"train it: {names}" if names else f"do not train it; manage.py train {plan.algorithm} does"


class SettingsForm(forms.ModelForm):
    """Let staff choose among the algorithms that there are."""

    algorithm = forms.ChoiceField(choices=[(name, name) for name in sorted(ALGORITHMS)], widget=UnfoldAdminSelectWidget)


@admin.register(AlgorithmSettings)
class AlgorithmSettingsAdmin(AuditedAdmin):
    """Make settings, see what tuning proposed, and choose which ones trainings use."""

    audited_as = "algorithm settings"
    empty = "Every algorithm has its defaults. Tuning proposes others, and you can add some."
    list_display = ("name", "origin", "is_chosen", "note", "created")
    list_filter = ("algorithm", "origin")
    sortable_by = ()
    actions = None
    actions_detail = ("choose",)
    fields = ("algorithm", "settings", "note")
    form = SettingsForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[AlgorithmSettings]:
        plans = TrainingPlan.objects.filter(chosen=OuterRef("pk"))
        return super().get_queryset(request).annotate(in_use=Exists(plans))

    def get_readonly_fields(self, request: HttpRequest, obj: AlgorithmSettings | None = None) -> tuple[str, ...]:
        """Keep the settings of a row: models were trained with them. Others are another row."""
        return ("algorithm", "settings") if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({"form": forms.ModelForm} if obj else {}), **kwargs)

    def save_model(self, request: HttpRequest, obj: AlgorithmSettings, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def has_choose_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("recommender.change_trainingplan")

    @display(description="settings")
    def name(self, row: AlgorithmSettings) -> str:
        return str(row)

    @display(description="chosen", boolean=True)
    def is_chosen(self, row: AlgorithmSettings) -> bool:
        return bool(getattr(row, "in_use", False))

    @display(description="created")
    def created(self, row: AlgorithmSettings) -> str:
        return ago(row.created_at)

    @action(
        description="Choose",
        icon="check",
        permissions=["choose"],
        dialog=dialog("Use these settings?", "Every training of the algorithm uses them from now on.", "Choose"),
    )
    def choose(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        row = self.get_or_404(request, object_id)
        registry.choose(row, actor=Actor.staff(request))
        self.log_verb(request, [row], "Chosen for every training.")
        messages.success(request, f"Every training uses {row} from now on.")
        return leave_dialog(request, "admin:recommender_algorithmsettings_change", object_id)
