"""The forms of an experiment: what it compares, why it is stopped, and which variant is shipped."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from recommender.admin.experiment_fields import (
    GUARDRAIL,
    Choices,
    MomentField,
    PercentField,
    guardrail_fields,
    variant_fields,
    wrong_in,
)
from recommender.insight.experiments.definition import (
    EXPERIMENT,
    LEAST_LIFT,
    MOST_VARIANTS,
    VARIANT,
    Definition,
    VariantSpec,
)
from recommender.insight.experiments.metrics import DECIDING, METRICS
from recommender.models import Experiment, Placement
from recommender.models.experiment import MOST_LIFT
from recsite.platform.exceptions import Invalid
from recsite.platform.suggesting import Kind as Suggested
from recsite.platform.suggesting import SuggestingInput

OPEN = 4
"""Rows of variants that stand open where fewer are needed; the others are folded."""

OWN = ("key", "hypothesis", "placement", "kind", "primary_metric", "minimum_lift", "audience", "starts_at", "ends_at")
FIRST = (VariantSpec("A", 0.5), VariantSpec("B", 0.5))


class ExperimentForm(forms.Form):
    """Define an experiment, checked as the API checks it."""

    key = forms.CharField(label="Key", help_text=EXPERIMENT["key"].description, widget=UnfoldAdminTextInputWidget)
    hypothesis = forms.CharField(
        label="Hypothesis", help_text="What you expect, and why.", widget=UnfoldAdminTextareaWidget(attrs={"rows": 2})
    )
    placement = forms.ChoiceField(label="Placement", widget=UnfoldAdminSelectWidget)
    kind = forms.ChoiceField(
        label="Kind",
        choices=Experiment.Kind.choices,
        help_text="A/A shows all variants the same, to test the experiment itself. Interleaving drafts two rankings "
        "into one list: it needs far fewer users, and says which one is preferred.",
        widget=UnfoldAdminSelectWidget,
    )
    primary_metric = forms.ChoiceField(
        label="What decides",
        choices=[(name, METRICS[name].label) for name in DECIDING],
        widget=UnfoldAdminSelectWidget,
    )
    minimum_lift = PercentField(
        LEAST_LIFT,
        MOST_LIFT,
        label="Smallest change worth finding, in percent",
        initial=0.05,
        help_text="5 is 5 %. The smaller, the longer it runs.",
    )
    audience = forms.CharField(
        label="Audience (optional)",
        required=False,
        help_text='An expression over the user, such as user.country == "AT". All others get what is live.',
        widget=SuggestingInput(Suggested.FILTER),
    )
    starts_at = MomentField(
        "Planned start (optional)",
        "In UTC, such as 2026-12-01T08:00. The draft starts by itself then, if nothing is in its way.",
    )
    ends_at = MomentField(
        "Planned end (optional)",
        "In UTC, such as 2026-12-24T18:00; 2026-12-24 alone is the beginning of that day. It stops by itself then.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, experiment: Experiment | None, data: Any = None) -> None:
        told = Definition.of(experiment) if experiment else None
        initial = {name: getattr(told, name) for name in OWN} if told else {}
        super().__init__(data, initial={**initial, "version": experiment.version if experiment else 0})
        names = Placement.objects.values_list("name", flat=True)
        self.fields["placement"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]  # its own
        self.fields["key"].disabled = experiment is not None
        self.fields["version"].required = experiment is not None
        for name, field in guardrail_fields():
            field.initial = told.guardrails.get(name.removeprefix(GUARDRAIL)) if told else None
            self.fields[name] = field
        self.kept, choices = told.variants if told else FIRST, Choices.now()
        for number in range(MOST_VARIANTS):
            kept = self.kept[number] if number < len(self.kept) else None
            self.fields |= {
                f"{name}_{number}": field
                for name, field in variant_fields(kept, choices, told.placement if told else "")
            }

    def rows(self) -> list[tuple[int, list[forms.BoundField]]]:
        """Return the fields of the variants that stand open."""
        return [(number, self._row(number)) for number in range(self._open())]

    def more_rows(self) -> list[tuple[int, list[forms.BoundField]]]:
        """Return the fields of the variants that are folded."""
        return [(number, self._row(number)) for number in range(self._open(), MOST_VARIANTS)]

    def of_experiment(self) -> list[forms.BoundField]:
        """Return the fields beside those of the guardrails and the variants."""
        return [self[name] for name in OWN]

    def guardrails(self) -> list[forms.BoundField]:
        """Return the fields of the guardrails."""
        return [self[f"{GUARDRAIL}{name}"] for name in METRICS]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        for number in range(MOST_VARIANTS):
            self._read_revision(found, number)
            row = _variant(found, number)
            if any(value is not None for value in row.values()):
                for name, sentence in wrong_in(row).items():
                    if f"{name}_{number}" not in self.errors:
                        self.add_error(f"{name}_{number}", sentence)
        if not self.errors:
            self.body = self._body(found)
            try:
                Definition.read(self.body).check()
            except Invalid as error:
                for name, sentence in error.errors.items():
                    self.add_error(name if name in self.base_fields else None, sentence)
        return found

    def _read_revision(self, found: dict[str, Any], number: int) -> None:
        """Put the number of the chosen revision in the place of its name; one of another placement is refused."""
        name = f"revision_{number}"
        placement, _, chosen = (found.get(name) or "").rpartition(" ")
        found[name] = int(chosen) if chosen else None
        if chosen and placement != found.get("placement"):
            self.add_error(name, f"It is a revision of {placement}. Choose one of {found.get('placement')}.")

    def _open(self) -> int:
        """Return how many rows stand open: those that hold something, and one more."""
        filled = [number for number in range(MOST_VARIANTS) if any(one.value() for one in self._row(number))]
        return min(max(OPEN, *(number + 2 for number in filled)), MOST_VARIANTS) if filled else OPEN

    def _row(self, number: int) -> list[forms.BoundField]:
        return [self[f"{name}_{number}"] for name in VARIANT]

    def _body(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return what a client of the API would send."""
        rows = [_variant(found, number) for number in range(MOST_VARIANTS)]
        return {
            **{name: found.get(name) or None for name in OWN},
            "guardrails": {name: value for name in METRICS if (value := found.get(f"{GUARDRAIL}{name}")) is not None},
            "variants": [row for row in rows if row["name"]],
        }


class ShipForm(forms.Form):
    """Choose what everybody is to get."""

    variant = forms.ChoiceField(label="Variant", widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        label="Why (needed where the result doesn't say that it is better)",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def __init__(self, variants: list[str], winner: str | None, data: Any = None) -> None:
        super().__init__(data, initial={"variant": winner or ""})
        named = [(name, name) for name in variants]
        # Where nothing is better, whoever ships says which one.
        self.fields["variant"].choices = named if winner else [("", "Choose one …"), *named]  # type: ignore[attr-defined]  # its own


def _variant(found: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a row as the API takes it; empty fields are None."""
    own = {name: found.get(f"{name}_{number}") for name in VARIANT}
    return {name: None if value == "" else value for name, value in own.items()}
