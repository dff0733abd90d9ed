"""Releases: bundled, promoted, rolled back. One is live, whoever promotes at the same time."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone

from interactions import announcements
from interactions.topics import MODEL_UPDATES
from recommender.engine.algorithms import ALGORITHMS, RATING_MODELS
from recommender.models import ModelVersion, Release, ReleaseModel
from recommender.registry import artifacts, plans
from recommender.registry.exceptions import CannotPromote, NothingLive, NothingToRollBackTo
from recommender.registry.then import Then
from recsite.platform import audit, generations
from recsite.platform.audit import SYSTEM, Actor

GENERATION = "release"
"""The generation that rises when another release is live, or its models are to be read again."""

RATING, LISTS = "rating", "lists"

State = Release.State
_RATING_ROLE = ReleaseModel.Role.RATING


def live_release(then: Then | None = None) -> Release | None:
    """Return the release that is served, or that was live `then`."""
    return then.live if then else Release.objects.filter(state=State.LIVE).first()


def bundle(versions: Iterable[ModelVersion], then: Then | None = None) -> Release:
    """Make a candidate: these versions and, for all other algorithms, those of the live release, now or `then`."""
    with _switching():
        live = live_release(then)
        members = dict(live.members.values_list("algorithm", "version_id")) if live else {}
        members |= {version.algorithm: version.pk for version in versions}
        weights = {name: _initial_weight(name) for name in members} | (live.weights if live else {})
        return _create(members, weights, then)


def promote(
    release: Release,
    by: AbstractBaseUser | None = None,
    reason: str = "",
    is_decision: bool = True,
    *,
    actor: Actor = SYSTEM,
) -> Release:
    """Make the release the live one. `reason` stands in the record of changes, and overrides the quality gate.

    A decision of staff sets the training plans: the schedule goes on with the settings of what they promoted. Raises
    CannotPromote, with a sentence, where the release can't be served, or is refused.
    """
    with _switching():
        live = live_release()
        if live != release:
            _check_whole(release)
            refused = refusals(release)
            if refused and not reason.strip():
                raise CannotPromote(
                    f"The quality gate refused {' '.join(refused)} To promote it all the same, give a reason."
                )
            _switch(live, release, by)
            Release.objects.filter(pk=release.pk).update(replaced=live, override=reason.strip() if refused else "")
            _record(actor, "release.promote", live, release, reason.strip())
            if is_decision:
                for version in release.versions.exclude(releases=live) if live else release.versions.all():
                    plans.follow(version, by)
    release.refresh_from_db()
    return release


def publish(
    versions: Iterable[ModelVersion],
    by: AbstractBaseUser | None = None,
    reason: str = "",
    is_decision: bool = True,
    *,
    actor: Actor = SYSTEM,
) -> Release:
    """Bundle and promote in one step, so that of two trainings that end together neither undoes the other's."""
    with _switching():
        return promote(bundle(versions), by, reason, is_decision, actor=actor)


def take_out(algorithm: str, by: AbstractBaseUser | None = None, *, actor: Actor = SYSTEM) -> Release:
    """Make a release live that is the present one without a model; scheduled trainings leave the algorithm out.

    Raises NothingLive, and CannotPromote where the release hasn't such a model, or no other.
    """
    with _switching():
        live = live_release()
        if live is None:
            raise NothingLive("No release is live, so there is nothing to take out.")
        members = dict(live.members.values_list("algorithm", "version_id"))
        if members.pop(algorithm, None) is None:
            raise CannotPromote(f"{live} has no {algorithm}. It has: {', '.join(sorted(members))}.")
        if not members:
            raise CannotPromote(f"{algorithm} is the only model of {live}: promote another release instead.")
        weights = {name: weight for name, weight in live.weights.items() if name in members}
        release = _create(members, weights)
        _check_whole(release)
        _switch(live, release, by)
        Release.objects.filter(pk=release.pk).update(replaced=live)
        plans.hold([algorithm], f"It was taken out of {live}. Promote or train it by hand to have it back.")
        _record(actor, "release.take_out", live, release)
    release.refresh_from_db()
    return release


def refusals(release: Release) -> list[str]:
    """List what the gate said against each model that this release would bring in: "hybrid 7: Its lists are ..."."""
    live = live_release()
    served = set(live.members.values_list("version_id", flat=True)) if live else set()
    new = release.versions.exclude(pk__in=served).order_by("pk")
    return [f"{version}: {version.verdict.get('sentence', '')}" for version in new if version.is_refused]


def doubts(release: Release) -> list[str]:
    """Say plainly where what leads the lists of a release is no better than what is popular."""
    most = max(release.weights.values(), default=0)
    found = []
    for version in release.versions.all():
        metrics = version.metrics
        own = metrics.get("metrics", {}).get("ndcg_at_10")
        popular = metrics.get("beside", {}).get("popular", {}).get("ndcg_at_10")
        leads = 0 < most == release.weights.get(version.algorithm)
        if leads and own is not None and popular is not None and own <= popular:
            found.append(
                f"{version} leads its lists and is no better than what is popular: nDCG@10 {own:.4f} against "
                f"{popular:.4f} on held-out events. Train again when there are more."
            )
    return found


def role_in_next(algorithm: str, then: Then | None = None) -> str:
    """Return the role that a new version would take, and is judged by.

    RATING where it would predict the release's ratings, LISTS where it would lead its lists, else nothing: what only
    fills gaps is not judged by a role that another model has.
    """
    live = live_release(then)
    members = {algorithm, *(live.members.values_list("algorithm", flat=True) if live else ())}
    if algorithm == next((name for name in RATING_MODELS if name in members), None):
        return RATING
    weights = {algorithm: _initial_weight(algorithm)} | (live.weights if live else {})
    leads = weights[algorithm] > 0 and weights[algorithm] == max(weights.values())
    return LISTS if leads else ""


def leader_of_next(algorithms: Iterable[str], then: Then | None = None) -> str:
    """Return what would lead the lists if versions of these joined what is live; empty where nothing would."""
    live = live_release(then)
    weights = {name: _initial_weight(name) for name in algorithms} | (live.weights if live else {})
    first = max(weights, key=weights.__getitem__, default="")
    return first if first and weights[first] > 0 else ""


def rival(algorithm: str, role: str, then: Then | None = None) -> ModelVersion | None:
    """Return the live version that a new one is measured against: the rating model, or the one that leads."""
    live = live_release(then)
    if live is None:
        return None
    members = {member.algorithm: member for member in live.members.select_related("version")}
    if role == RATING:
        found = members.get(algorithm) or next((one for one in members.values() if one.role == _RATING_ROLE), None)
    else:
        found = members.get(max(live.weights, key=live.weights.__getitem__, default=""))
    return found.version if found else None


def rollback(by: AbstractBaseUser | None = None, of: int = 0, *, actor: Actor = SYSTEM) -> Release:
    """Make the release live that the live one replaced; the one before that stays what the next rollback returns to.

    `of` is the number of the release that was live when somebody decided to go back: a second click changes nothing
    more. 0 stands for whichever is live.
    """
    with _switching():
        live = live_release()
        if live is None:
            raise NothingLive("No release is live, so there is nothing to roll back. Promote one.")
        if of and of != live.pk:
            raise CannotPromote(f"Release {of} is not live, {live} is. Look again before you roll back.")
        if live.replaced is None:
            raise NothingToRollBackTo(f"{live} replaced no other release, so there is none to roll back to.")
        _check_whole(live.replaced)
        _switch(live, live.replaced, by)
        plans.return_to(live.replaced, rolled_back=live)
        _record(actor, "release.roll_back", live, live.replaced)
    live.replaced.refresh_from_db()
    return live.replaced


def reload(*, actor: Actor = SYSTEM) -> Release:
    """Have every process read the live models again, once their files are found to be whole."""
    live = live_release()
    if live is None:
        raise NothingLive("No release is live, so there is nothing to read again. Promote one.")
    for version in live.versions.all():
        artifacts.verify(version.artifact, version.checksum)
    with transaction.atomic():
        audit.record(actor, "release.reload", "release", live.pk)
        generations.bump(GENERATION)
    return live


@contextmanager
def _switching() -> Iterator[None]:
    """Open a transaction that sees which release is live, and in which no other changes it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('live release', 0))")
        yield


def _create(members: Mapping[str, int], weights: Mapping[str, float], then: Then | None = None) -> Release:
    """Create a candidate of these versions, by algorithm."""
    made: dict[str, Any] = {"pk": next(then.releases), "created_at": then.at} if then else {}
    release = Release.objects.create(weights=dict(weights), **made)
    ReleaseModel.objects.bulk_create(
        ReleaseModel(release=release, version_id=version, algorithm=name, role=role)
        for (name, version), role in zip(members.items(), _roles(members), strict=True)
    )
    return release


def _switch(live: Release | None, new: Release, by: AbstractBaseUser | None) -> None:
    if live:
        Release.objects.filter(pk=live.pk, state=State.LIVE).update(state=State.ARCHIVED)
    now = {"state": State.LIVE, "promoted_at": timezone.now(), "promoted_by_id": by.pk if by else None}
    if Release.objects.filter(pk=new.pk).exclude(state=State.LIVE).update(**now) != 1:
        raise CannotPromote(f"{new} is gone. Look again before you promote.")
    announcements.announce(MODEL_UPDATES, "model.promoted", payload(live, new))
    generations.bump(GENERATION)


def _record(actor: Actor, verb: str, before: Release | None, after: Release, reason: str = "") -> None:
    """Write down which release is served now, and which was."""
    served = {"release": before.pk} if before else {}
    audit.record(actor, verb, "release", after.pk, before=served, after=payload(before, after), reason=reason)


def payload(before: Release | None, new: Release) -> dict[str, Any]:
    """Return what is told of a change of the live release."""
    members = new.members.order_by("algorithm").values_list("algorithm", "version_id")
    return {"release": new.pk, "replaced": before.pk if before else None, "versions": dict(members)}


def _check_whole(release: Release) -> None:
    """Locks the versions as well: none of them may be archived while the release goes live."""
    versions = ModelVersion.objects.select_for_update(of=("self",)).filter(releases=release).order_by("-pk")
    if not versions:
        raise CannotPromote(f"{release} holds no models. Train some first.")
    for version in versions:
        if version.state != ModelVersion.State.READY:
            raise CannotPromote(f"{release} can't be served: {version} is {version.get_state_display().lower()}.")
        if version.algorithm not in ALGORITHMS:
            raise CannotPromote(
                f"{release} can't be served: {version} is of an algorithm that is not known here. "
                f"Known: {', '.join(sorted(ALGORITHMS))}."
            )


def _initial_weight(algorithm: str) -> float:
    """Return the weight of an algorithm in a release that has it for the first time."""
    return ALGORITHMS[algorithm].weight if algorithm in ALGORITHMS else 0.0


def _roles(algorithms: Iterable[str]) -> list[str]:
    names = list(algorithms)
    rating = next((name for name in RATING_MODELS if name in names), None)
    return [ReleaseModel.Role.RATING if name == rating else ReleaseModel.Role.RANKING for name in names]
