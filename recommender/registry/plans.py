"""Training plans: which settings every training of an algorithm uses, and what scheduled trainings leave alone.

Whatever goes live by a decision of staff sets the plan, so that the schedule goes on with what they decided: it neither
returns to the defaults after a training with better settings, nor puts back what was rolled back or taken out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from recommender.engine.algorithms import ALGORITHMS, defaults
from recommender.models import AlgorithmSettings, ModelVersion, Release, TrainingPlan
from recsite.platform import audit
from recsite.platform.audit import Actor

Origin = AlgorithmSettings.Origin


def chosen_settings(algorithm: str) -> dict[str, Any]:
    """Return the settings that trainings use, those that differ from the defaults.

    Before anybody chose any, those of the live version: it may be older than the plans.
    """
    plan = TrainingPlan.objects.filter(algorithm=algorithm).select_related("chosen").first()
    if plan:
        return dict(plan.chosen.settings) if plan.chosen else {}
    live = ModelVersion.objects.filter(algorithm=algorithm, releases__state=Release.State.LIVE).first()
    return differing(algorithm, live.settings) if live and algorithm in ALGORITHMS else {}


def held(algorithms: Iterable[str]) -> dict[str, str]:
    """Return why scheduled trainings leave these algorithms out; those that they train are not in it."""
    plans = TrainingPlan.objects.filter(algorithm__in=list(algorithms)).exclude(held="")
    return dict(plans.values_list("algorithm", "held"))


def propose(
    algorithm: str,
    settings: Mapping[str, Any],
    origin: AlgorithmSettings.Origin,
    note: str = "",
    by: AbstractBaseUser | None = None,
) -> AlgorithmSettings:
    """Store settings for staff to choose; the row that has them already is returned as it is."""
    described = {"origin": origin, "note": note[:500], "created_by_id": by.pk if by else None}
    row, _ = AlgorithmSettings.objects.get_or_create(
        algorithm=algorithm, settings=differing(algorithm, settings), defaults=described
    )
    return row


def ensure_plans() -> None:
    """Make the plan of every algorithm that has none yet."""
    known = set(TrainingPlan.objects.values_list("algorithm", flat=True))
    for algorithm in ALGORITHMS:
        if algorithm not in known:
            _plan(algorithm)


@transaction.atomic
def choose(settings: AlgorithmSettings, *, actor: Actor | None = None) -> None:
    """Have every training of the algorithm use these settings from now on.

    Without an actor the choice is part of another change, such as a promotion, which is recorded as that.
    """
    TrainingPlan.objects.update_or_create(algorithm=settings.algorithm, defaults={"chosen": settings})
    if actor:
        audit.record(actor, "settings.choose", "algorithm", settings.algorithm, after=settings.settings)


def hold(algorithms: Iterable[str], why: str) -> None:
    """Have scheduled trainings leave these algorithms out."""
    for algorithm in algorithms:
        _plan(algorithm)
        TrainingPlan.objects.filter(algorithm=algorithm).update(held=why[:500])


def follow(version: ModelVersion, by: AbstractBaseUser | None = None) -> None:
    """Train as this version was trained from now on: staff decided that it goes live."""
    plan = _plan(version.algorithm)
    TrainingPlan.objects.filter(pk=plan.pk).update(held="")
    if version.algorithm not in ALGORITHMS:
        return
    used = differing(version.algorithm, version.settings)
    if used != (plan.chosen.settings if plan.chosen else {}):
        choose(propose(version.algorithm, used, Origin.TRAINING, f"Used by {version}, which went live.", by))


def return_to(restored: Release, rolled_back: Release) -> None:
    """Go on with what a roll-back restored, and hold what it took away.

    Where the settings were the same, the data made the difference: the next training would make the same model again.
    """
    before = {version.algorithm: version for version in rolled_back.versions.all()}
    after = {version.algorithm: version for version in restored.versions.all()}
    gone = [name for name in before if name not in after]
    for name, version in after.items():
        other = before.get(name)
        if other is None or (version != other and version.settings != other.settings):
            follow(version)
        elif version != other:
            gone.append(name)
    hold(gone, f"{rolled_back} was rolled back. Promote or train it by hand to go on.")


def is_current(version: ModelVersion) -> bool:
    """Tell whether a scheduled training may promote this version: staff may have decided otherwise since it began."""
    name = version.algorithm
    return not held([name]) and differing(name, version.settings) == differing(name, chosen_settings(name))


def differing(algorithm: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that differ from the algorithm's defaults; unknown ones are left out.

    The sentence encoder is a setting of the whole installation: a plan that kept it would outlive a change of it.
    """
    usual = {name: [value] for name, value in defaults(algorithm).items()}
    if "encoder" in usual:
        usual["encoder"].append(django_settings.CONTENT_ENCODER)
    return {name: value for name, value in settings.items() if name in usual and value not in usual[name]}


def _plan(algorithm: str) -> TrainingPlan:
    """Return the plan of an algorithm, made where there is none: with the settings of the live version."""
    settings = chosen_settings(algorithm)
    chosen = propose(algorithm, settings, Origin.TRAINING, "Used by what is live.") if settings else None
    plan, _ = TrainingPlan.objects.select_related("chosen").get_or_create(
        algorithm=algorithm, defaults={"chosen": chosen}
    )
    return plan
