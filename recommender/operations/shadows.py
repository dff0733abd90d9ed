"""Start and stop shadows: candidates that make the lists of a placement unseen."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from recommender import merchandising
from recommender.models import SHADOWS_GENERATION, Experiment, Placement, Shadow
from recommender.models.shadow import LEAST_SHARE
from recommender.serving import ServingUnavailable
from recommender.serving.candidates import context_of_release, context_of_version, live
from recsite.platform import audit, generations
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.request_fields import Field, read_fields
from recsite.platform.values import Integer, Number, Text

AUDITED = "shadow"
LISTED = 50
KINDS = (Placement.Kind.ANY, Placement.Kind.USER, Placement.Kind.SESSION, Placement.Kind.SIMILAR)
"""Kinds of lists that a shadow can make: those that a model leads."""

MOST = 2**31 - 1
CANDIDATES = ("release", "model", "revision")
SHADOW: Mapping[str, Field] = {
    "placement": Field(Text(50), "Where it makes the lists.", is_required=True),
    "release": Field(Integer(1, MOST), "The release that would be live instead."),
    "model": Field(Integer(1, MOST), "The model that would be live instead of its like."),
    "revision": Field(Integer(1, MOST), "The revision of the placement that would be live instead."),
    "share": Field(Number(LEAST_SHARE, 1), "Of the lists that are shown.", default=0.1),
}


def find(number: int) -> Shadow:
    """Return a shadow. Raises Shadow.DoesNotExist with a sentence."""
    found = Shadow.objects.filter(pk=number).first()
    if found is None:
        raise Shadow.DoesNotExist(f"There is no shadow {number}. The list of shadows has all of them.")
    return found


def running(placement: str) -> Shadow | None:
    """Return the shadow that runs at a placement."""
    return Shadow.objects.filter(placement=placement, stopped_at=None).first()


def start(body: Any, *, actor: Actor) -> Shadow:
    """Have a candidate make a share of a placement's lists from now on, unseen; every process within two seconds.

    Raises Invalid, which names what is wrong and UnknownRelease is one of, and Conflict where another one runs there.
    """
    asked = read_fields(SHADOW, body)
    named = [name for name in CANDIDATES if asked[name] is not None]
    if len(named) != 1:
        raise Invalid({named[1] if named else "release": "Name one candidate: a release, a model or a revision."})
    _check(asked)
    try:
        with transaction.atomic():
            made = Shadow(started_by=actor.name[:150], **asked)
            made.save(force_insert=True)
            audit.record(actor, "shadow.start", AUDITED, made.pk, after=_told(made))
            generations.bump(SHADOWS_GENERATION)
    except IntegrityError as error:
        other = running(asked["placement"])
        who = f"{other.candidate.capitalize()} is scored" if other else "Another shadow was started"
        raise Conflict({"placement": f"{who} at {asked['placement']} already: stop it first."}) from error
    return made


def passed_by(placement: str) -> str:
    """Say which lists of a placement no shadow makes, as they are part of an experiment; empty where none is."""
    held = Experiment.objects.filter(placement=placement, state=Experiment.State.RUNNING)
    experiment = held.prefetch_related("variants").first()
    if experiment is None:
        return ""
    share = sum(one.share for one in experiment.variants.all())
    whose = "users in its audience" if experiment.audience else "users"
    if share < 1 or experiment.audience:
        return f"Lists of the experiment {experiment.key} are not scored: {round(100 * share, 1):g} % of {whose}."
    return f"Nothing is scored now: all {whose} here are part of the experiment {experiment.key}. Stop it first."


def stop(shadow: Shadow, *, actor: Actor) -> Shadow:
    """End it; what it found stays. Sent twice it stops once."""
    with transaction.atomic():
        held = Shadow.objects.select_for_update().filter(pk=shadow.pk).first()
        if held is None:
            raise Conflict({"shadow": "It was deleted meanwhile."})
        if held.stopped_at is None:
            held.stopped_at = timezone.now()
            held.save(update_fields=["stopped_at"])
            audit.record(actor, "shadow.stop", AUDITED, held.pk, before=_told(held))
            generations.bump(SHADOWS_GENERATION)
    return held


def _check(asked: Mapping[str, Any]) -> None:
    try:
        placement = merchandising.find(asked["placement"])
    except Placement.DoesNotExist as error:
        raise Invalid({"placement": str(error)}) from error
    if placement.kind not in KINDS:
        raise Invalid({"placement": f"No model leads its lists ({placement.get_kind_display()}): nothing to score."})
    if number := asked["revision"]:
        if not placement.revisions.filter(number=number).exists():
            raise Invalid({"revision": f"{placement.name} has no revision {number}. Its history has all of them."})
        if placement.live and placement.live.number == number:
            raise Invalid({"revision": f"Revision {number} is live already: name another one."})
    if asked["release"] and asked["release"] == live().number:
        raise Invalid({"release": f"Release {asked['release']} is live already: name another one."})
    if asked["model"] and asked["model"] in {one.version for one in live().members.values()}:
        raise Invalid({"model": f"Model {asked['model']} is part of the live release: name another one."})
    try:
        # What can't be loaded is refused now, and not list by list.
        if asked["release"]:
            context_of_release(asked["release"])
        elif asked["model"]:
            context_of_version(asked["model"])
    except ServingUnavailable as error:
        raise Conflict({"placement": str(error)}) from error


def _told(shadow: Shadow) -> dict[str, Any]:
    return {"placement": shadow.placement, "candidate": shadow.candidate, "share": shadow.share}
