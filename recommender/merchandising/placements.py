"""Make, find, describe and delete placements. Every process follows within two seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from recommender.merchandising.settings import Kind, ListSettings
from recommender.models import DEFAULT, SHADOWS_GENERATION, Experiment, Placement, PlacementRevision, Shadow
from recsite.platform import audit, generations
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid

GENERATION = "placements"
"""The generation that rises when something else is live at a placement."""

AUDITED = "placement"


class PlacementTaken(Conflict):
    """Refuse a name that another placement has."""


def find(name: str) -> Placement:
    """Return the placement with its live revision. Raises Placement.DoesNotExist with a sentence."""
    found = Placement.objects.select_related("live").filter(name=name).first()
    if found is None:
        known = ", ".join(Placement.objects.values_list("name", flat=True))
        raise Placement.DoesNotExist(f"There is no placement {name[:50]!r}. Known: {known}.")
    return found


def create(
    name: str, kind: str, description: str = "", values: Any = None, *, actor: Actor, at: datetime | None = None
) -> Placement:
    """Make a placement that is served at once, as its first revision says: as usual where no values are given.

    `at` is when that was, where it isn't now. Raises Invalid and PlacementTaken.
    """
    placement = Placement(name=name, kind=kind, description=description)
    _check(placement)
    settings = ListSettings.read(kind, values or {})
    try:
        with transaction.atomic():
            placement.save(force_insert=True)
            live = PlacementRevision.objects.create(
                placement=placement,
                number=1,
                settings=settings.as_json(),
                published_by=actor.name[:150],
                published_at=at or timezone.now(),
            )
            Placement.objects.filter(pk=placement.pk).update(live=live)
            after = {"kind": kind, "description": description, **settings.as_json()}
            audit.record(actor, "placement.create", AUDITED, name, after=after, at=at)
            generations.bump(GENERATION)
    except IntegrityError as error:
        raise PlacementTaken({"name": f"There is a placement {name!r} already. Choose another name."}) from error
    return find(name)


def describe(placement: Placement, description: str, *, actor: Actor, at: datetime | None = None) -> None:
    """Change what colleagues read of the placement. `at` is when it was, where that isn't now. Raises Invalid."""
    with locked(placement.name) as held:
        before, held.description = held.description, description
        _check(held)
        held.save(update_fields=["description"])
        audit.record_change(
            actor,
            "placement.change",
            AUDITED,
            held.name,
            before={"description": before},
            after={"description": description},
            at=at,
        )


def delete(placement: Placement, *, actor: Actor) -> None:
    """Delete a placement with its history. Requests that name it are refused from then on.

    Raises Conflict; as well where an experiment runs, rests or is planned there, which would measure nothing.
    """
    if placement.name == DEFAULT:
        raise Conflict({"placement": "The default can't be deleted: requests that name no placement need it."})
    with locked(placement.name) as held:
        if needed := needed_by(held):
            raise Conflict({"placement": needed})
        own = held.live.settings if held.live else {}
        audit.record(actor, "placement.delete", AUDITED, held.name, before={"kind": held.kind, **own})
        # A new placement of the name must not inherit it.
        if Shadow.objects.filter(placement=held.name, stopped_at=None).update(stopped_at=timezone.now()):
            generations.bump(SHADOWS_GENERATION)
        held.delete()
        generations.bump(GENERATION)


def needed_by(placement: Placement) -> str:
    """Say which experiment needs the placement, so that it can't be deleted; empty where none does."""
    state = Experiment.State
    there = Experiment.objects.filter(placement=placement.name).order_by("pk")
    live = there.filter(state__in=[state.RUNNING, state.PAUSED]).first()
    if live:
        return f"The experiment {live.key} is {live.state} at {placement.name}: stop it first."
    planned = there.filter(state=state.DRAFT).exclude(starts_at=None).first()
    if planned:
        return (
            f"The experiment {planned.key} is planned to start at {placement.name}: "
            "archive it first, or take its planned start away."
        )
    return ""


@contextmanager
def locked(name: str) -> Iterator[Placement]:
    """Open a transaction in which nobody else changes the placement. Raises Conflict where it was deleted."""
    with transaction.atomic():
        # What is live is read after the lock: joined, it would be that of before somebody else's change.
        held = Placement.objects.select_for_update().filter(name=name).first()
        if held is None:
            raise Conflict({"placement": f"The placement {name!r} was deleted meanwhile."})
        yield held


def _check(placement: Placement) -> None:
    """Check name, kind and description as the columns have them. Raises Invalid.

    Whether the name is taken is settled when it is stored.
    """
    try:
        placement.clean_fields()
    except ValidationError as error:
        raise Invalid({name: " ".join(said) for name, said in error.message_dict.items()}) from error
    if placement.kind not in Kind.values:
        raise Invalid({"kind": f"One of {', '.join(Kind.values)} is needed."})
