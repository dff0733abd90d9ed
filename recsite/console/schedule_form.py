"""The form of a scheduled task, in plain words: how often, or at which time of which days."""

from datetime import time
from typing import Any

from celery import current_app
from django import forms
from django.conf import settings
from django_celery_beat.models import PeriodicTask
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from recsite.console import timing
from recsite.console.timing import DAYS, UNITS, Daily, Often, Otherwise, Timing

OFTEN, DAILY, AS_IT_IS = "often", "daily", "as it is"


def purpose(task: str) -> str:
    """Say what a task does, by the first sentence of what its code says of itself."""
    # A worker loads all tasks as it starts; a web process only those that a page of its own has needed.
    current_app.loader.import_default_modules()
    known = current_app.tasks.get(task)
    if known is None:
        return "No worker of this release knows this task."
    line = str(known.__doc__ or "").strip().split("\n")[0]
    return f"{line.partition('. ')[0].removesuffix('.')}." if line else ""


class ScheduleForm(forms.ModelForm):
    """Ask when a task runs; what belongs to the other way of saying it is not asked for."""

    task = forms.ChoiceField(label="What it does", widget=UnfoldAdminSelectWidget)
    how = forms.ChoiceField(label="When", widget=UnfoldAdminRadioSelectWidget)
    number = forms.IntegerField(
        label="Every", min_value=1, max_value=1_000_000, required=False, widget=UnfoldAdminIntegerFieldWidget
    )
    unit = forms.ChoiceField(
        label="Unit", choices=[(one, one) for one in UNITS], required=False, widget=UnfoldAdminSelectWidget
    )
    at = forms.TimeField(
        label="At (UTC)",
        required=False,
        input_formats=["%H:%M"],
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "03:00", "pattern": "[0-2]?[0-9]:[0-5][0-9]"}),
    )
    days = forms.ChoiceField(label="On", choices=list(DAYS.items()), required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = PeriodicTask
        fields = ("name", "enabled", "description")
        labels = {"enabled": "On", "description": "Note"}
        help_texts = {"name": "", "enabled": "", "description": "For colleagues: why it runs when it does."}
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was: Timing | None = timing.of(self.instance) if self.instance.pk else None
        hows = [(OFTEN, "Again and again"), (DAILY, "At a time of day")]
        if isinstance(self.was, Otherwise):
            hows.append((AS_IT_IS, f"As it is: {self.was}"))
        fields: dict[str, Any] = self.fields
        if "how" in fields:
            fields["how"].choices = hows
            self.initial.update(_initial(self.was))
        if self.instance.pk:
            del fields["task"]
        elif "task" in fields:
            known = sorted({entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()})
            fields["task"].choices = [(name, purpose(name) or name) for name in known]

    def clean(self) -> dict[str, Any]:
        """Set the times on the row, before it is checked as a whole."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if "how" in self.fields and not self.errors:
            self._set(found)
        return found

    def _set(self, found: dict[str, Any]) -> None:
        chosen: Timing | None = self.was
        if found["how"] == OFTEN:
            chosen = Often(found["number"], found["unit"]) if found["number"] and found["unit"] else None
            if chosen is None:
                self.add_error("number", "Say after how many seconds, minutes, hours or days it runs again.")
        elif found["how"] == DAILY:
            chosen = Daily(found["at"].hour, found["at"].minute, found["days"] or "*") if found["at"] else None
            if chosen is None:
                self.add_error("at", "Give a time, such as 03:00.")
        if chosen and chosen != self.was:
            chosen.set_on(self.instance)
        if "task" in found:
            self.instance.task = found["task"]


def _initial(was: Timing | None) -> dict[str, Any]:
    match was:
        case Often(number, unit):
            return {"how": OFTEN, "number": number, "unit": unit}
        case Daily(hour, minute, days):
            return {"how": DAILY, "at": time(hour, minute).strftime("%H:%M"), "days": days, "unit": "hours"}
        case Otherwise():
            return {"how": AS_IT_IS, "unit": "hours"}
    return {"how": OFTEN, "number": 1, "unit": "hours"}
