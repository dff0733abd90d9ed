"""Turn the definition of an experiment into rows, and into what the record of changes keeps."""

from typing import Any

from recommender.insight.experiments.definition import Definition
from recommender.models import Experiment, Placement, Variant


def columns(definition: Definition) -> dict[str, Any]:
    """Return the values of an experiment's own columns."""
    columns = {name: value for name, value in vars(definition).items() if name != "variants"}
    return columns | {"guardrails": dict(definition.guardrails)}


def number_of(placement: str) -> int | None:
    """Return the number of the placement's row; None where there is none."""
    return Placement.objects.filter(name=placement).values_list("pk", flat=True).first()


def store_variants(made: Experiment, definition: Definition) -> None:
    """Store the rows of its variants."""
    Variant.objects.bulk_create(
        Variant(
            experiment=made,
            number=number,
            name=one.name,
            share=one.share,
            algorithm=one.algorithm or "",
            content_weight=one.content_weight,
            revision=one.revision,
            release=one.release,
        )
        for number, one in enumerate(definition.variants)
    )


def told(experiment: Experiment) -> dict[str, Any]:
    """Return what a stored experiment says, in the same way."""
    return in_record(Definition.of(experiment))


def in_record(definition: Definition) -> dict[str, Any]:
    """Return a definition as the record of changes has it."""
    found = definition.as_json()
    moments = {"starts_at": definition.starts_at, "ends_at": definition.ends_at}
    return found | {name: at and at.isoformat() for name, at in moments.items()}
