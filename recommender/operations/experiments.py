"""Ship what an experiment has shown to be better: publish it at its placement, or promote its release."""

from dataclasses import dataclass, replace

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from recommender import merchandising, registry
from recommender.insight.experiments import results, verbs
from recommender.merchandising import ListSettings
from recommender.models import Experiment, Placement, PlacementRevision, Release, Variant
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid

State = Experiment.State
SHIPPABLE = (State.RUNNING, State.PAUSED, State.STOPPED)


@dataclass(frozen=True, slots=True)
class Shipped:
    """Say what went live."""

    variant: str
    sentence: str
    is_release: bool = False
    """Its lists are to be warmed."""


def ship(
    experiment: Experiment, variant: str = "", reason: str = "", *, by: AbstractBaseUser | None = None, actor: Actor
) -> Shipped:
    """Make a variant what everybody gets, and stop the experiment. Without a name it is the winner.

    Where the result doesn't say that it is better, a reason is needed. Sent twice it ships once. Raises Invalid,
    Conflict, and CannotPromote where the release can't be served.
    """
    with transaction.atomic():
        held = Experiment.objects.select_for_update().filter(pk=experiment.pk).first()
        if held is None or held.state not in SHIPPABLE:
            raise Conflict(
                {"experiment": f"{experiment.key} was never started, or is archived: nothing can be shipped."}
            )
        if held.kind == Experiment.Kind.AA:
            raise Conflict({"experiment": f"{held.key} shows all variants the same: there is nothing to ship."})
        if held.shipped:
            if variant in ("", held.shipped):
                return Shipped(held.shipped, f"{held.shipped} was shipped already.")
            raise Conflict({"variant": f"{held.shipped} was shipped already. Begin another experiment."})
        found = results.result_of(held)
        name = variant or found.winner
        if name is None:
            raise Invalid({"variant": f"Name one: there is no winner. {found.sentence}"})
        if name != found.winner and not reason.strip():
            raise Invalid({"reason": f"{found.sentence} Say why you ship {name} all the same."})
        chosen = held.variants.filter(name=name).first()
        if chosen is None:
            known = ", ".join(one.name for one in held.variants.all())
            raise Invalid({"variant": f"There is no variant {name[:50]!r}. Known: {known}."})
        why = reason.strip() or found.sentence
        verbs.stop(held, f"{name} is shipped.", actor=actor)
        said = _go_live(held, chosen, f"Experiment {held.key}: {why}", by, actor)
        verbs.note_shipped(held, name, why, actor=actor)
    return Shipped(name, said, bool(chosen.release))


def _go_live(experiment: Experiment, variant: Variant, why: str, by: AbstractBaseUser | None, actor: Actor) -> str:
    if variant.release:
        release = Release.objects.filter(pk=variant.release).first()
        if release is None:
            raise Conflict({"variant": f"Release {variant.release} is gone: nothing can be promoted."})
        registry.promote(release, by, why, actor=actor)
        return f"{release} is live."
    try:
        placement = merchandising.find(experiment.placement)
    except Placement.DoesNotExist as error:
        raise Conflict({"placement": f"The placement {experiment.placement!r} was deleted."}) from error
    verbs.refuse_another(experiment, placement)
    settings = _settings(placement, variant)
    live = ListSettings.stored(placement.live.settings) if placement.live else ListSettings()
    if settings == live:
        return f"{variant.name} shows what is live at {placement.name} already: nothing had to be published."
    made = merchandising.publish_settings(placement, settings, why, actor=actor)
    return f"{str(made).capitalize()} of {placement.name} is live."


def _settings(placement: Placement, variant: Variant) -> ListSettings:
    """Return the settings of the variant's revision, or what is live with what it changes."""
    live = ListSettings.stored(placement.live.settings) if placement.live else ListSettings()
    if variant.revision:
        row = PlacementRevision.objects.filter(placement=placement, number=variant.revision).first()
        if row is None:
            raise Conflict({"variant": f"{placement.name} has no revision {variant.revision} any more."})
        return ListSettings.stored(row.settings)
    if variant.algorithm:
        live = replace(live, algorithm=variant.algorithm)
    return live if variant.content_weight is None else replace(live, content_weight=variant.content_weight)
