"""The forms of a placement's page: its draft, for whom to preview, and what to say when it is published."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from recommender.admin.filter_rows import FilterRows
from recommender.admin.rule_forms import RuleRows, without_files
from recommender.merchandising import ListSettings, fields_of
from recommender.merchandising.settings import IMPERSONAL, LEADERS, NOT_SET, TABLE
from recommender.models import Placement, ShownBy
from recommender.serving.preview import FROM_ITEMS
from recsite.platform.exceptions import Invalid
from recsite.platform.suggesting import Kind, SuggestingInput, lean
from recsite.platform.values import Integer, Number

TYPICAL, NEWCOMER, CHOSEN = "typical", "newcomer", "chosen"
PLACES = tuple(f"fallback_{number}" for number in range(1, len(IMPERSONAL) + 1))
"""The selects in which the order of the fallbacks is chosen, one for each."""


class DraftForm(forms.Form):
    """Edit the settings that lists of the placement's kind have; `version` tells when somebody else has saved."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, placement: Placement, settings: ListSettings, data: Any = None) -> None:
        self.placement = placement
        initial = {"version": placement.draft_version, **settings.as_json()}
        initial |= dict(zip(PLACES, settings.fallbacks, strict=False))
        super().__init__(data, initial=initial)
        self.rows = RuleRows(settings.rules, data)
        self.filters = FilterRows(settings.filter, data)
        for name, field in fields_of(placement.kind).items():
            if name == "fallbacks":
                self.fields |= dict(_fallbacks())
            elif name not in ("filter", "rules"):
                self.fields[name] = _field(name, field.type, field.description)
        lean(self.fields)

    def clean(self) -> dict[str, Any]:
        """Check everything as the API does, so that both say the same."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        values = {name: found.get(name) for name in fields_of(self.placement.kind)}
        for sentence in (*self.filters.sentences(), *self.rows.sentences()):
            self.add_error(None, sentence)
        values["rules"], values["filter"] = self.rows.read(), self.filters.text or None
        values |= {name: values.get(name) or None for name in ("algorithm", "shown_by")}
        chosen = [found[name] for name in PLACES if found.get(name)]
        values["fallbacks"] = chosen or None
        if len(set(chosen)) < len(chosen):
            self.add_error(PLACES[-1], "Name each source once.")
        elif not self.errors:
            try:
                self.settings = ListSettings.read(self.placement.kind, values)
            except Invalid as error:
                for name, sentence in error.errors.items():
                    self.add_error(name if name in self.fields else None, sentence)
        return found


class SubjectForm(forms.Form):
    """Choose for whom, or from which item, the preview is made."""

    subject = forms.ChoiceField(label="Shown to", required=False, widget=UnfoldAdminSelectWidget)
    subject_id = forms.CharField(required=False, max_length=255)

    def __init__(self, placement: Placement, data: Any = None) -> None:
        super().__init__(data)
        is_item = placement.kind in FROM_ITEMS
        choices = OF_ITEMS if is_item else OF_PEOPLE
        self.fields["subject"].choices = choices  # type: ignore[attr-defined]  # its own
        self.fields["subject"].label = "Starting from" if is_item else "Shown to"
        self.fields["subject_id"].label = "Id or title of an item" if is_item else "Id of a user"
        self.fields["subject_id"].widget = SuggestingInput(Kind.ITEM if is_item else Kind.USER)
        lean(self.fields)


OF_PEOPLE = ((TYPICAL, "somebody typical"), (NEWCOMER, "a newcomer"), (CHOSEN, "the user named here"))
OF_ITEMS = ((TYPICAL, "an item that many know"), (CHOSEN, "the item named here"))


class PublishForm(forms.Form):
    """Carry what was seen, so that what somebody else did meanwhile is not undone unnoticed."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    live = forms.IntegerField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(
        label="Why, for the history (optional)",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )


def _field(name: str, type_: Any, description: str) -> forms.Field:
    label = TABLE[name][2].capitalize()
    more: Mapping[str, Any] = {"label": label, "help_text": without_files(description), "required": False}
    if name == "algorithm":
        choices = [("", NOT_SET[name].capitalize()), *((one, one) for one in LEADERS)]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **more)
    if name == "shown_by":
        return forms.ChoiceField(choices=ShownBy.choices, widget=UnfoldAdminSelectWidget, **more)
    if isinstance(type_, Integer):
        low, high = type_.minimum, type_.maximum
        return forms.IntegerField(min_value=low, max_value=high, widget=UnfoldAdminIntegerFieldWidget, **more)
    assert isinstance(type_, Number)
    widget = UnfoldAdminDecimalFieldWidget(attrs={"step": "any"})
    return forms.FloatField(min_value=type_.minimum, max_value=type_.maximum, widget=widget, **more)


def _fallbacks() -> Iterator[tuple[str, forms.Field]]:
    words = ("Followed by", "Then by", "And then by")
    for number, (name, label) in enumerate(zip(PLACES, words, strict=True)):
        help_text = without_files(TABLE["fallbacks"][0].description) if number == 0 else ""
        choices = [("", "As usual" if number == 0 else "–"), *((one, one) for one in IMPERSONAL)]
        yield (
            name,
            forms.ChoiceField(
                choices=choices, label=label, help_text=help_text, required=False, widget=UnfoldAdminSelectWidget
            ),
        )
