"""Write down which releases were live before, for a history that is replayed: what is live now stays so."""

from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from recommender.models import Release
from recommender.registry.exceptions import CannotPromote
from recommender.registry.releases import payload
from recommender.registry.then import Then
from recsite.platform import audit
from recsite.platform.audit import Actor

State = Release.State


@transaction.atomic
def note_promotion(
    release: Release, then: Then, by: AbstractBaseUser | None = None, reason: str = "", *, actor: Actor
) -> Release:
    """Write down that a candidate was made the live release then. Today it is an earlier one.

    `reason` overrides the quality gate, as in `promote`. Raises CannotPromote where the gate refused it, or it is none.
    """
    refused = _refused(release, then)
    if refused and not reason.strip():
        raise CannotPromote(f"The quality gate refused {' '.join(refused)} To promote it all the same, give a reason.")
    became = {
        "state": State.ARCHIVED,
        "promoted_at": then.at,
        "promoted_by_id": by.pk if by else None,
        "replaced": then.live,
        "override": reason.strip() if refused else "",
    }
    if not Release.objects.filter(pk=release.pk, state=State.CANDIDATE).update(**became):
        raise CannotPromote(f"{release} is no candidate any more.")
    _record("release.promote", then, release, reason, actor)
    release.refresh_from_db()
    return release


@transaction.atomic
def note_roll_back(
    to: Release, then: Then, by: AbstractBaseUser | None = None, reason: str = "", *, actor: Actor
) -> Release:
    """Write down that staff went back to an earlier release then."""
    Release.objects.filter(pk=to.pk).update(promoted_at=then.at, promoted_by_id=by.pk if by else None)
    _record("release.roll_back", then, to, reason, actor)
    to.refresh_from_db()
    return to


def note_what_came_before(release: Release, before: Release) -> None:
    """Write down which release was live before the first one: rolling back returns to it."""
    Release.objects.filter(pk=release.pk, replaced=None).exclude(pk=before.pk).update(replaced=before)


def _refused(release: Release, then: Then) -> Collection[str]:
    served = then.live.members.values_list("version_id", flat=True) if then.live else []
    new = release.versions.exclude(pk__in=list(served)).order_by("pk")
    return [f"{version}: {version.verdict.get('sentence', '')}" for version in new if version.is_refused]


def _record(verb: str, then: Then, release: Release, reason: str, actor: Actor) -> None:
    served = {"release": then.live.pk} if then.live else {}
    after = payload(then.live, release)
    audit.record(actor, verb, "release", release.pk, before=served, after=after, reason=reason.strip(), at=then.at)
