"""The forms of an experiment: what it compares, why it is stopped, and which variant is shipped."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from recommender.insight.experiments.definition import EXPERIMENT, VARIANT, Definition
from recommender.insight.experiments.metrics import DECIDING, METRICS
from recommender.merchandising.settings import LEADERS
from recommender.models import Experiment, Placement
from recsite.platform.exceptions import Invalid

ROWS = 4
"""Variants that the form has room for; the API takes more."""

LABELS = {
    "name": "Name",
    "share": "Share of the audience, in percent",
    "algorithm": "Led by",
    "content_weight": "Weight of content",
    "revision": "Revision of the placement",
    "release": "Release",
}
PERCENT = "A number of percent: 5 is 5 %."


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
    minimum_lift = forms.FloatField(
        label="Smallest change worth finding, in percent",
        initial=5,
        help_text=f"{PERCENT} The smaller, the longer it runs.",
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )
    guardrail = forms.ChoiceField(
        label="Must not get worse",
        required=False,
        choices=[("", "nothing"), *((name, one.label) for name, one in METRICS.items())],
        widget=UnfoldAdminSelectWidget,
    )
    margin = forms.FloatField(
        label="By more than, in percent",
        required=False,
        initial=5,
        help_text=PERCENT,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )
    audience = forms.CharField(
        label="Audience (optional)",
        required=False,
        help_text='An expression over the user, such as user.country == "AT". All others get what is live.',
        widget=UnfoldAdminTextInputWidget,
    )
    starts_at = forms.CharField(
        label="Planned start (optional)",
        required=False,
        help_text="In UTC, such as 2026-12-01T08:00. The draft starts by itself then, if nothing is in its way.",
        widget=UnfoldAdminTextInputWidget,
    )
    ends_at = forms.CharField(
        label="Planned end (optional)",
        required=False,
        help_text="In UTC, such as 2026-12-24 or 2026-12-24T18:00. It stops by itself then.",
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, experiment: Experiment | None, data: Any = None) -> None:
        super().__init__(data, initial=_initial(experiment) if experiment else FIRST)
        names = Placement.objects.values_list("name", flat=True)
        self.fields["placement"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]  # its own
        self.fields["key"].disabled = experiment is not None
        for number in range(ROWS):
            self.fields |= {f"{name}_{number}": field for name, field in _variant_fields()}

    def rows(self) -> Iterator[tuple[int, list[forms.BoundField]]]:
        """Yield the fields of each variant."""
        for number in range(ROWS):
            yield number, [self[f"{name}_{number}"] for name in VARIANT]

    def of_experiment(self) -> list[forms.BoundField]:
        """Return the fields beside those of the variants."""
        return [self[name] for name in self.base_fields]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            self.body = self._body(found)
            try:
                Definition.read(self.body).check()
            except Invalid as error:
                for name, sentence in error.errors.items():
                    self.add_error(name if name in self.base_fields else None, sentence)
        return found

    def _body(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return what a client of the API would send."""
        names = ("key", "hypothesis", "placement", "kind", "primary_metric")
        margin = (found.get("margin") or 0) / 100
        return {
            **{name: found[name] for name in names},
            "minimum_lift": found["minimum_lift"] / 100,
            "guardrails": {found["guardrail"]: margin} if found.get("guardrail") else {},
            **{name: found.get(name) or None for name in ("audience", "starts_at", "ends_at")},
            "variants": [_variant(found, number) for number in range(ROWS) if found.get(f"name_{number}")],
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
        super().__init__(data, initial={"variant": winner or variants[-1]})
        self.fields["variant"].choices = [(name, name) for name in variants]  # type: ignore[attr-defined]  # its own


def _variant_fields() -> Iterator[tuple[str, forms.Field]]:
    number, decimal = UnfoldAdminIntegerFieldWidget, UnfoldAdminDecimalFieldWidget
    leaders = [("", "as it is live"), *((name, name) for name in LEADERS)]
    fields: dict[str, forms.Field] = {
        "name": forms.CharField(required=False, widget=UnfoldAdminTextInputWidget),
        "share": forms.FloatField(required=False, widget=decimal(attrs={"step": "any"})),
        "algorithm": forms.ChoiceField(required=False, choices=leaders, widget=UnfoldAdminSelectWidget),
        "content_weight": forms.FloatField(required=False, widget=decimal(attrs={"step": "any"})),
        "revision": forms.IntegerField(required=False, min_value=1, widget=number),
        "release": forms.IntegerField(required=False, min_value=1, widget=number),
    }
    for name, field in fields.items():
        field.label = LABELS[name]
        yield name, field


def _variant(found: dict[str, Any], number: int) -> dict[str, Any]:
    own = {name: found.get(f"{name}_{number}") for name in VARIANT}
    share = own["share"]
    return own | {"share": 0.0 if share is None else share / 100, "algorithm": own["algorithm"] or None}


def _initial(experiment: Experiment) -> dict[str, Any]:
    """Return the values of the fields of a draft."""
    told = Definition.of(experiment).as_json()
    rail, margin = next(iter(told["guardrails"].items()), ("", 0.05))
    values = {name: told[name] for name in ("key", "hypothesis", "placement", "kind", "primary_metric")}
    values |= {"minimum_lift": 100 * told["minimum_lift"], "guardrail": rail, "margin": 100 * margin}
    values |= {"audience": experiment.audience, "starts_at": _written(experiment.starts_at)}
    values["ends_at"] = _written(experiment.ends_at)
    for number, one in enumerate(told["variants"][:ROWS]):
        values |= {f"{name}_{number}": one[name] for name in VARIANT} | {f"share_{number}": 100 * one["share"]}
    return values


def _written(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M") if moment else ""


FIRST: dict[str, Any] = {"name_0": "A", "share_0": 50, "name_1": "B", "share_1": 50}
