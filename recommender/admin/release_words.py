"""Say in words what became of a release: when it was live, by whom, why, and what ended it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.dateparse import parse_datetime
from django.utils.timesince import timesince

from recommender.insight.stretches import ROLL_BACK, TAKE_OUT, Stretch
from recommender.models import ModelVersion, Release
from recsite.platform.parts import Badge, State

BEGAN = {ROLL_BACK: "Returned to", TAKE_OUT: "Made by taking a model out"}
USUAL = "Promoted"


@dataclass(frozen=True, slots=True)
class Said:
    """Hold a sentence around a time: "Promoted" 3 days ago "by grace, served for 3 days"."""

    before: str
    at: datetime
    after: str
    reason: str = ""


def badge(release: Release, stretches: Sequence[Stretch]) -> Badge:
    """Return the state of a release, as its badge."""
    if release.state == Release.State.LIVE:
        return Badge("live", State.GOOD, "It is served now.")
    if release.state == Release.State.CANDIDATE:
        if is_refused(release):
            return Badge("candidate, refused", State.BAD, "The quality gate refused one of its models.")
        return Badge("candidate", State.NONE, "It can be promoted, and was never live.")
    if stretches and stretches[0].was_rolled_back:
        return Badge("archived, rolled back", State.WARN, "Somebody went back to the release before it.")
    return Badge("archived", State.NONE, "It was live before, and is kept.")


def is_refused(release: Release) -> bool:
    """Tell if the quality gate refused one of its models; they were read with it."""
    return any(one.version.is_refused for one in release.members.all())


def told(release: Release, stretches: Sequence[Stretch], now: datetime) -> Said:
    """Return the sentence about a release in the timeline."""
    if not stretches:
        if release.state == Release.State.CANDIDATE:
            return Said("Made", release.created_at, "; never live.", _refusal(release))
        by = f" by {release.promoter}" if release.promoter else ""
        return Said(USUAL, release.promoted_at or release.created_at, f"{by}.")
    last = stretches[0]
    served = length(sum((one.length(now) for one in stretches), timedelta()))
    often = f", {len(stretches)} times" if len(stretches) > 1 else ""
    so_far = " so far" if last.then is None else ""
    after = f" by {last.actor}; served for {served}{so_far}{often}."
    if last.then:
        why = f": “{last.then.reason}”" if last.then.reason and last.was_rolled_back else "."
        after += f" {_ended(last.then)}{why}"
    return Said(BEGAN.get(last.verb, USUAL), last.start, after, last.reason)


def history(release: Release, versions: Sequence[ModelVersion], stretches: Sequence[Stretch]) -> list[Said]:
    """Return everything that became of a release, the latest first."""
    lines = [*_beginning(release, versions), *_estimates(release)]
    for one in reversed(stretches):
        lines.append(Said(BEGAN.get(one.verb, USUAL), one.start, f" by {one.actor}.", one.reason))
        if one.then:
            served = length(one.then.start - one.start)
            lines.append(Said(_ended(one.then), one.then.start, f", after {served}.", one.then.reason))
    return sorted(lines, key=lambda line: line.at)[::-1]


def length(time: timedelta) -> str:
    """Return how long something was: 3 days, 5 hours."""
    end = datetime(2000, 1, 1)  # noqa: DTZ001 - only the difference is told
    return "less than a minute" if time < timedelta(minutes=1) else timesince(end - time, end, depth=1)


def _ended(then: Stretch) -> str:
    """Say what took its place"""
    if then.verb == ROLL_BACK:
        return f"{then.actor} rolled back to release {then.release}"
    if then.verb == TAKE_OUT:
        return f"{then.actor} took a model out, which made release {then.release}"
    return f"Release {then.release} took its place"


def _refusal(release: Release) -> str:
    """Return what the quality gate said against it."""
    refused = [one.version for one in release.members.all() if one.version.is_refused]
    return " ".join(f"{version}: {version.verdict.get('sentence', '')}" for version in refused)


def _beginning(release: Release, versions: Sequence[ModelVersion]) -> Iterator[Said]:
    names = ", ".join(map(str, versions)) or "no models"
    yield Said("Made", release.created_at, f" of {names}.")
    for version in versions:
        if version.verdict:
            verdict = "passed" if version.verdict.get("passed") else "refused"
            at = version.finished_at or version.created_at
            yield Said(f"The quality gate {verdict} {version}", at, ".", version.verdict.get("sentence", ""))


def _estimates(release: Release) -> Iterator[Said]:
    for one in release.estimates.values():
        at = parse_datetime(one.get("made_at") or "")
        if at:
            yield Said("Estimated", at, f" at {one['placement']}.", one["sentence"])
