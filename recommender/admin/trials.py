from django.contrib import admin
from unfold.decorators import display

from recommender.models import TuningTrial
from recsite.platform.console import ReadOnlyAdmin, structured
from recsite.platform.humanize import ago, decimal, duration


@admin.register(TuningTrial)
class TuningTrialAdmin(ReadOnlyAdmin):
    """Show the settings that tuning tried of each algorithm, and how good they were."""

    empty = "Nothing has been tuned yet: 'manage.py tune ALGORITHM' tries settings."
    list_display = ("name", "metric", "worth", "chosen", "took", "made")
    list_filter = ("algorithm", "metric")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        ("algorithm", "number"),
        ("metric", "worth"),
        "settings_text",
        ("took", "created_at"),
        "error",
        "data_hash",
    )
    readonly_fields = ("worth", "took", "settings_text")

    @display(description="trial")
    def name(self, trial: TuningTrial) -> str:
        return f"{trial}{' (the defaults)' if trial.number == 0 else ''}"

    @display(description="value")
    def worth(self, trial: TuningTrial) -> str:
        return decimal(trial.value)

    @display(description="settings")
    def chosen(self, trial: TuningTrial) -> str:
        numbers = {name: value for name, value in trial.settings.items() if isinstance(value, int | float)}
        return ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())

    @display(description="took")
    def took(self, trial: TuningTrial) -> str:
        return duration(trial.seconds)

    @display(description="made")
    def made(self, trial: TuningTrial) -> str:
        return ago(trial.created_at)

    settings_text = structured("settings")
