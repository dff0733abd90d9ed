"""The fields of an experiment's form, in the form's own words: percent, times, guardrails and rows of variants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django import forms
from django.utils.text import Truncator
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from recommender import registry
from recommender.insight.experiments.definition import LEAST_SHARE, VARIANT, VariantSpec
from recommender.insight.experiments.metrics import METRICS
from recommender.insight.experiments.servable import ALWAYS
from recommender.models import ModelVersion, PlacementRevision, Release
from recommender.registry.leaders import leaders_of
from recsite.platform.exceptions import Invalid
from recsite.platform.moments import Moment
from recsite.platform.request_fields import read_fields
from recsite.platform.values import WrongValue

GUARDRAIL = "guardrail_"
LEAST_MARGIN = 0.001
LISTED = 50
"""Releases, and revisions, that can be chosen."""

LONGEST_NOTE = 40

LABELS = {
    "name": "Name",
    "share": "Share of the audience, in percent",
    "algorithm": "Led by",
    "content_weight": "Weight of content",
    "revision": "Revision of the placement",
    "release": "Release",
}


def percent(share: float) -> str:
    """Write a share as percent, without the noise of the last digits."""
    return f"{100 * share:.12g}"


class PercentField(forms.FloatField):
    """Read a share that is written as percent."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, least: float, most: float, **rest: Any) -> None:
        self.least, self.most = least, most
        super().__init__(widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}), **rest)

    def prepare_value(self, value: Any) -> Any:
        return percent(value) if isinstance(value, float) else value

    def clean(self, value: Any) -> float | None:
        found = super().clean(value)
        if found is None:
            return None
        # A value that nobody touched comes back as it was stored.
        if isinstance(self.initial, float) and percent(self.initial) == f"{found:.12g}":
            return self.initial
        share = float(f"{found / 100:.15g}")
        if not self.least <= share <= self.most:
            raise forms.ValidationError(f"From {percent(self.least)} to {percent(self.most)} percent are possible.")
        return share


class MomentField(forms.CharField):
    """Read a time in UTC; what was stored to the second, or finer, stays so."""

    def __init__(self, label: str, help_text: str) -> None:
        super().__init__(label=label, required=False, help_text=help_text, widget=UnfoldAdminTextInputWidget)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, datetime):
            return value
        is_whole = not (value.second or value.microsecond)
        return value.strftime("%Y-%m-%dT%H:%M") if is_whole else value.replace(tzinfo=None).isoformat()

    def clean(self, value: Any) -> str | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            Moment().from_text(text)
        except WrongValue as error:
            raise forms.ValidationError("Write it as 2026-12-24 or 2026-12-24T18:00; it is in UTC.") from error
        return text


def guardrail_fields() -> Iterator[tuple[str, forms.Field]]:
    """Yield a field for each metric: by how much it may get worse at most."""
    for name, kind in METRICS.items():
        unit = "answers in a hundred" if kind.absolute else "percent"
        yield (
            f"{GUARDRAIL}{name}",
            PercentField(LEAST_MARGIN, 1, label=f"{kind.label.capitalize()}, {unit}", required=False),
        )


@dataclass(frozen=True)
class Choices:
    """Hold what variants can be led by, of which releases and revisions they can be: asked once for all rows."""

    leaders: Mapping[str, str]
    releases: Mapping[str, str]
    revisions: Mapping[str, str]
    """By what the form sends of each, see `revision_value`."""

    @classmethod
    def now(cls) -> Self:
        """Return what there is now."""
        live = registry.live_release()
        names = dict.fromkeys((*leaders_of(live).names, *ALWAYS))
        without_files = ModelVersion.objects.exclude(state=ModelVersion.State.READY)
        others = Release.objects.exclude(pk=live.pk) if live else Release.objects.all()
        served = others.exclude(versions__in=without_files).prefetch_related("members").order_by("-pk")
        releases = {
            str(one.pk): f"{one.pk}: " + ", ".join(sorted(row.algorithm for row in one.members.all()))
            for one in served[:LISTED]
        }
        return cls({name: name for name in names}, releases, dict(_revisions()))


def revision_value(placement: str, number: int) -> str:
    """Name a revision among those of all placements, so that a form tells one of another placement."""
    return f"{placement} {number}"


def _revisions() -> Iterator[tuple[str, str]]:
    rows = PlacementRevision.objects.select_related("placement").order_by("-pk")[:LISTED]
    for one in sorted(rows, key=lambda row: (row.placement.name, -row.number)):
        live = " (live)" if one.placement.live_id == one.pk else ""
        note = f": {Truncator(one.note).chars(LONGEST_NOTE)}" if one.note else ""
        yield revision_value(one.placement.name, one.number), f"{one.placement.name} {one.number}{live}{note}"


def variant_fields(kept: VariantSpec | None, choices: Choices, placement: str) -> Iterator[tuple[str, forms.Field]]:
    """Yield the fields of a row; what it names already can be kept even where it is not there any more."""
    decimal = UnfoldAdminDecimalFieldWidget
    leaders = _with_kept(choices.leaders, kept.algorithm if kept else None, "not in the live release")
    releases = _with_kept(choices.releases, kept.release if kept else None, "not among those that can be served")
    revision = revision_value(placement, kept.revision) if kept and kept.revision else None
    revisions = _with_kept(choices.revisions, revision, "not among the newest")
    fields: dict[str, forms.Field] = {
        "name": forms.CharField(required=False, widget=UnfoldAdminTextInputWidget),
        "share": PercentField(LEAST_SHARE, 1, required=False),
        "algorithm": forms.ChoiceField(required=False, choices=leaders, widget=UnfoldAdminSelectWidget),
        "content_weight": forms.FloatField(required=False, widget=decimal(attrs={"step": "any"})),
        "revision": forms.ChoiceField(required=False, choices=revisions, widget=UnfoldAdminSelectWidget),
        "release": forms.TypedChoiceField(
            required=False, coerce=int, empty_value=None, choices=releases, widget=UnfoldAdminSelectWidget
        ),
    }
    for name, field in fields.items():
        field.label = LABELS[name]
        field.initial = revision if name == "revision" else getattr(kept, name, None)
        yield name, field


def wrong_in(row: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each field of a row that the API would refuse; a share is told by its own field."""
    given = {name: value for name, value in row.items() if value is not None}
    try:
        read_fields(VARIANT, given)
    except Invalid as error:
        return {name: "It is needed, in percent." if name == "share" else said for name, said in error.errors.items()}
    return {}


def _with_kept(choices: Mapping[str, str], kept: Any, why: str) -> list[tuple[str, str]]:
    absent = [(str(kept), f"{kept} ({why})")] if kept and str(kept) not in choices else []
    return [("", "as it is live"), *choices.items(), *absent]
