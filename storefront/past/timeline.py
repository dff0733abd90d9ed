"""Know what was live when: releases, revisions of placements, and experiments with their users."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib.auth.models import User

from recommender import registry
from recommender.merchandising import ListSettings
from recommender.models import Experiment, Placement, PlacementRevision, Release
from recommender.registry import Then
from recommender.serving import experiments
from recommender.serving.experiments import ServedExperiment
from recommender.serving.placements import ServedPlacement
from recsite.platform.audit import Actor, Kind

ADMINISTRATOR, OPERATOR, MERCHANDISER = "administrator", "operator", "merchandiser"
SCHEDULE = Actor.schedule("Retrain and promote")


class Span(NamedTuple):
    """Name the days that are made: their beginning (of a day, UTC), their number, and the moment when they end."""

    start: datetime
    days: int
    now: datetime

    def moment(self, share: float, hour: int) -> datetime:
        """Return an hour (UTC) of the day that lies so far in the past that is made, from 0 to 1."""
        return self.start + timedelta(days=int(share * self.days), hours=hour)

    def day(self, number: int) -> datetime:
        return self.start + timedelta(days=number)


@dataclass(frozen=True)
class Trial:
    """Hold an experiment that shows variants at its placement from a moment on; `end` is None while it runs."""

    row: Experiment
    served: ServedExperiment
    start: datetime
    end: datetime | None = None

    def is_on(self, placement: str, at: datetime) -> bool:
        return self.row.placement == placement and self.start <= at and (self.end is None or at < self.end)


@dataclass
class Timeline:
    """Collect what was live from when on, in the order of time."""

    releases: list[tuple[datetime, Release]] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._versions, self._numbers = registry.free_numbers()

    def release_at(self, at: datetime) -> Release | None:
        return next((release for since, release in reversed(self.releases) if since <= at), None)

    def then(self, at: datetime) -> Then:
        """Return the moment as the registry takes it."""
        return Then(at, self.release_at(at), self._versions, self._numbers)

    def add(self, at: datetime, release: Release) -> None:
        self.releases.append((at, release))

    def try_out(self, experiment: Experiment, start: datetime, end: datetime | None = None) -> None:
        self.trials.append(Trial(experiment, experiments.served(experiment), start, end))

    def seen_by(
        self, user_id: str, placement: Placement, revisions: Sequence[PlacementRevision], at: datetime
    ) -> ServedPlacement:
        """Return a placement as a user saw it then, of its `revisions`, the latest first."""
        live = next((one for one in revisions if one.published_at <= at), None)
        number, stored = (live.number, ListSettings.stored(live.settings)) if live else (None, ListSettings())
        served = ServedPlacement(placement.name, placement.kind, number, stored)
        trial = next((one for one in self.trials if one.is_on(placement.name, at)), None)
        variant = trial.served.variant_of(user_id) if trial else None
        return variant.of(served) if variant else served


def staff(name: str) -> Actor:
    """Return a member of the demo's staff, who works in the admin."""
    return Actor(Kind.STAFF, name, "admin")


def account(name: str) -> User | None:
    """Return the account of that name; None where the demo has none."""
    return User.objects.filter(username=name).first()
