"""Say in words what an experiment is defined to do."""

from recommender.admin.experiment_fields import percent
from recommender.insight.experiments.definition import Definition, VariantSpec
from recommender.insight.experiments.metrics import METRICS
from recommender.models import Experiment, Variant


def changes_of(one: Variant | VariantSpec) -> str:
    """Return what a variant changes."""
    parts = [f"led by {one.algorithm}"] if one.algorithm else []
    parts += [f"weight of content {one.content_weight:g}"] if one.content_weight is not None else []
    parts += [f"revision {one.revision}"] if one.revision else []
    parts += [f"release {one.release}"] if one.release else []
    return ", ".join(parts) or "what is live"


def lines_of(definition: Definition) -> dict[str, str]:
    """Return all that a definition says, by the form's labels; nothing for what it leaves open."""
    rails = (f"{METRICS[name].label} by {percent(margin)}" for name, margin in sorted(definition.guardrails.items()))
    moments = {"planned start": definition.starts_at, "planned end": definition.ends_at}
    said = {
        "hypothesis": definition.hypothesis,
        "placement": definition.placement,
        "kind": str(Experiment.Kind(definition.kind).label),
        "what decides": METRICS[definition.primary_metric].label,
        "smallest change worth finding": f"{percent(definition.minimum_lift)} %",
        "guardrails": ", ".join(rails),
        "audience": definition.audience,
        **{name: f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "" for name, at in moments.items()},
        **{f"variant {one.name}": f"{percent(one.share)} %, {changes_of(one)}" for one in definition.variants},
    }
    return {name: text for name, text in said.items() if text}
