"""Read what an experiment compares, once for API and admin, and refuse what can't be read or served."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.utils import timezone

from catalog.expressions import USER
from recommender.insight.experiments.metrics import DECIDING, METRICS
from recommender.merchandising.rules import Audience
from recommender.merchandising.settings import LEADERS, ListSettings
from recommender.models import Experiment, ModelVersion, Placement, PlacementRevision, Release
from recommender.models.experiment import LONGEST_KEY, LONGEST_VARIANT, MOST_LIFT
from recsite.platform.exceptions import Invalid
from recsite.platform.moments import Moment
from recsite.platform.request_fields import Field, Fields, described, read_fields
from recsite.platform.values import Choice, Integer, Number, Text, ValueType, WrongValue

LARGEST = 2**31 - 1
MOST_VARIANTS = 10
LEAST_SHARE = 0.0001
LEAST_LIFT = 0.001
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@dataclass(frozen=True)
class Name(Text):
    """Read a name that may stand in an answer's `variant`."""

    def from_text(self, text: str) -> str:
        if not set(super().from_text(text)) <= NAME_CHARACTERS:
            raise WrongValue("Letters, digits, - and _ are possible.")
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$", "minLength": 1, "maxLength": self.longest}


VARIANT: Fields = {
    "name": Field(Name(LONGEST_VARIANT), "Its name, such as A.", is_required=True),
    "share": Field(Number(LEAST_SHARE, 1), "Of the audience's users: 0.5 is half of them.", is_required=True),
    "algorithm": Field(Choice(LEADERS), "What leads the list instead."),
    "content_weight": Field(Number(0, 1), "The weight of content in the hybrid instead."),
    "revision": Field(Integer(1, LARGEST), "The number of the placement's revision that is served instead."),
    "release": Field(Integer(1, LARGEST), "The release that makes the lists instead."),
}


@dataclass(frozen=True)
class VariantSpec:
    """Say what a share of the users gets."""

    name: str
    share: float
    algorithm: str | None = None
    content_weight: float | None = None
    revision: int | None = None
    release: int | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """Return what differs from what is live, by name; nothing for a variant that shows what is live."""
        names = ("algorithm", "content_weight", "revision", "release")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class Variants(ValueType):
    """Read the variants, the control first."""

    def from_json(self, value: Any) -> tuple[VariantSpec, ...]:
        if not isinstance(value, list):
            raise WrongValue("A list of variants is needed, the control first.")
        if not 2 <= len(value) <= MOST_VARIANTS:
            raise WrongValue(f"From 2 to {MOST_VARIANTS} variants are needed, the control first.")
        return tuple(self._one(number, one) for number, one in enumerate(value, 1))

    def schema(self) -> dict[str, Any]:
        one = described(VARIANT)["application/json"]
        nullable = {
            name: field if name in one["required"] else {"anyOf": [field, {"type": "null"}]}
            for name, field in one["properties"].items()
        }
        return {
            "type": "array",
            "items": {**one, "properties": nullable},
            "minItems": 2,
            "maxItems": MOST_VARIANTS,
        }

    def _one(self, number: int, value: Any) -> VariantSpec:
        given = {name: v for name, v in value.items() if v is not None} if isinstance(value, dict) else value
        try:
            return VariantSpec(**read_fields(VARIANT, given))
        except Invalid as wrong:
            raise WrongValue(f"Variant {number}: {wrong}") from wrong


class Guardrails(ValueType):
    """Read by how much metrics may get worse at most."""

    margin = Number(0.001, 1)

    def from_json(self, value: Any) -> dict[str, float]:
        if not isinstance(value, dict):
            raise WrongValue('An object is needed, such as {"conversion_rate": 0.05}.')
        unknown = [name[:50] for name in value if name not in METRICS]
        if unknown:
            raise WrongValue(f"There is no metric {unknown[0]!r}. Known: {', '.join(METRICS)}.")
        return {name: self.margin.from_json(margin) for name, margin in value.items()}

    def schema(self) -> dict[str, Any]:
        properties = dict.fromkeys(METRICS, self.margin.schema())
        return {"type": "object", "properties": properties, "additionalProperties": False}


EXPERIMENT: Fields = {
    "key": Field(Name(LONGEST_KEY), "Its name in answers; it can't be changed or used again.", is_required=True),
    "hypothesis": Field(Text(500), "What you expect, and why.", is_required=True),
    "placement": Field(Text(50), "Where the lists are shown.", is_required=True),
    "kind": Field(
        Choice(tuple(Experiment.Kind.values)),
        "`ab` compares variants; `aa` shows all of them the same, to test the experiment itself; `interleaving` drafts "
        "the rankings of two into one list that all users get: whose items are clicked more?",
        Experiment.Kind.AB.value,
    ),
    "primary_metric": Field(Choice(DECIDING), "What decides.", "click_rate"),
    "minimum_lift": Field(
        Number(LEAST_LIFT, MOST_LIFT),
        "The smallest change that is worth finding: 0.05 is 5 %. It says how long it runs.",
        0.05,
    ),
    "guardrails": Field(
        Guardrails(),
        "Other metrics, each with how much worse it may get at most: 0.05 is 5 % of the control's value; of `errors` "
        "it is 5 in a hundred answers more.",
    ),
    "audience": Field(
        Audience(USER),
        "An expression over the user (docs/FILTERS.md): others get what is live, and don't count. Default: everybody.",
        "",
    ),
    "starts_at": Field(Moment(), "When the draft starts by itself. Default: when somebody starts it."),
    "ends_at": Field(Moment(), "When it stops by itself. Default: when somebody stops it."),
    "variants": Field(
        Variants(),
        "The control first; a variant that names nothing to change shows what is live. Shares are of the audience's "
        "users, and at most 1 together: users beyond get what is live, and don't count.",
        is_required=True,
    ),
}


@dataclass(frozen=True)
class Definition:
    """Hold what an experiment compares, checked as far as it can be without asking what there is."""

    key: str
    hypothesis: str
    placement: str
    kind: str
    primary_metric: str
    minimum_lift: float
    guardrails: Mapping[str, float]
    audience: str
    starts_at: datetime | None
    ends_at: datetime | None
    variants: tuple[VariantSpec, ...]

    @classmethod
    def read(cls, body: Any) -> Self:
        """Return what a body says; null stands for a default. Raises Invalid with a sentence for all that is wrong."""
        given = {name: v for name, v in body.items() if v is not None} if isinstance(body, dict) else body
        values = read_fields(EXPERIMENT, given)
        found = cls(**values | {"guardrails": values["guardrails"] or {}})
        if wrong := dict(found._contradictions()):
            raise Invalid(wrong)
        return found

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        """Return what a stored experiment says."""
        names = [name for name in EXPERIMENT if name != "variants"]
        variants = tuple(
            VariantSpec(one.name, one.share, one.algorithm or None, one.content_weight, one.revision, one.release)
            for one in experiment.variants.all()
        )
        return cls(**{name: getattr(experiment, name) for name in names}, variants=variants)

    def as_json(self) -> dict[str, Any]:
        """Return the definition as it is sent."""
        own = {name: getattr(self, name) for name in EXPERIMENT if name != "variants"}
        variants = [{name: getattr(one, name) for name in VARIANT} for one in self.variants]
        return own | {"audience": self.audience or None, "guardrails": dict(self.guardrails), "variants": variants}

    def check(self) -> None:
        """Check that there is what it names. Raises Invalid."""
        if wrong := dict(self._missing()):
            raise Invalid(wrong)

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        total = sum(one.share for one in self.variants)
        names = [one.name for one in self.variants]
        changing = [one.changes for one in self.variants]
        if total > 1 + 1e-9:
            yield "variants", f"The shares are {100 * total:.8g} % together: lower some, 100 % is all there is."
        elif len(set(names)) < len(names):
            yield "variants", "Two variants have the same name: give each its own."
        elif self.kind == Experiment.Kind.AA and any(changing):
            yield "variants", "In an A/A experiment no variant changes anything. Leave the changes out, or make it A/B."
        elif self.kind == Experiment.Kind.AB and all(one == changing[0] for one in changing[1:]):
            yield "variants", "All variants are the same: say what one of them changes, or make it A/A."
        for one in self.variants:
            if len({"settings" if name in ("algorithm", "content_weight") else name for name in one.changes}) > 1:
                yield (
                    "variants",
                    f"{one.name} changes several things at once, of which one has to be: a release, a revision, "
                    "or algorithm and content weight.",
                )
        if self.kind == Experiment.Kind.INTERLEAVING:
            yield from self._not_interleaved()
        if self.starts_at and self.starts_at <= timezone.now():
            yield "starts_at", "It lies in the past: name a later time, or none and start it yourself."
        elif self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            yield "ends_at", "The planned end is not after the planned start: name a later one, or none."
        if self.primary_metric in self.guardrails:
            yield "guardrails", f"{self.primary_metric} is the primary metric: guardrails are others."

    def _not_interleaved(self) -> Iterator[tuple[str, str]]:
        """Find what can't be drafted into one list."""
        if len(self.variants) != 2:
            yield "variants", f"Two rankings are interleaved, not {len(self.variants)}: leave the others out."
        elif self.variants[0].changes == self.variants[1].changes:
            yield "variants", "Both rankings are the same: say what one of them changes."
        elif any(one.revision for one in self.variants):
            yield "variants", "A revision changes more than the ranking, so it can't be interleaved: make it A/B."
        elif self.variants[0].share != self.variants[1].share:
            yield "variants", "Both rankings get the same number of places on each list: give both the same share."
        if self.primary_metric != EXPERIMENT["primary_metric"].default:
            yield "primary_metric", "Clicks alone say which ranking is preferred: choose click_rate, or name none."
        if self.guardrails:
            yield "guardrails", "Users of one list can't be told apart by ranking: leave the guardrails out."

    def _misfits(self, placement: Placement) -> Iterator[tuple[str, str]]:
        """Find variants that change what lists of the placement's kind don't have."""
        live = placement.live.settings if placement.live else {}
        for one in self.variants:
            changes = {name: value for name, value in one.changes.items() if name in ("algorithm", "content_weight")}
            try:
                ListSettings.read(placement.kind, ListSettings.stored(live | changes).as_json())
            except Invalid as wrong:
                yield "variants", f"{one.name}: {wrong}"

    def _missing(self) -> Iterator[tuple[str, str]]:
        if self.ends_at and self.ends_at <= timezone.now():
            yield "ends_at", "It lies in the past: name a later time, or none."
        placement = Placement.objects.select_related("live").filter(name=self.placement).first()
        if placement is None:
            known = ", ".join(Placement.objects.values_list("name", flat=True))
            yield "placement", f"There is no placement {self.placement!r}. Known: {known}."
            return
        if self.kind == Experiment.Kind.INTERLEAVING and placement.kind not in (
            Placement.Kind.ANY,
            Placement.Kind.USER,
        ):
            yield "placement", f"{self.placement} has no lists of users, which alone are interleaved: make it A/B."
        yield from self._misfits(placement)
        revisions = {one.revision for one in self.variants if one.revision}
        known_revisions = PlacementRevision.objects.filter(placement__name=self.placement, number__in=revisions)
        for number in sorted(revisions - set(known_revisions.values_list("number", flat=True))):
            yield "variants", f"{self.placement} has no revision {number}. Its history names those that there are."
        for sentence in self.gone_releases():
            yield "variants", sentence

    def gone_releases(self) -> Iterator[str]:
        """Say which releases of variants can't be served."""
        releases = {one.release for one in self.variants if one.release}
        if not releases:
            return
        for pk in sorted(releases - set(Release.objects.filter(pk__in=releases).values_list("pk", flat=True))):
            yield f"There is no release {pk}."
        without_files = ModelVersion.objects.exclude(state=ModelVersion.State.READY)
        gone = Release.objects.filter(pk__in=releases, versions__in=without_files).distinct()
        for pk in gone.values_list("pk", flat=True):
            yield f"Release {pk} can't be served: it has a model without files. Name a newer one."
