"""Judge new versions: each is measured against what is live, both fitted on the same earlier events."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Self, cast

from recommender import registry
from recommender.engine.algorithms import create
from recommender.engine.evaluation.evaluate import Evaluation
from recommender.engine.evaluation.gate import Verdict, judge_lists, judge_rating_model
from recommender.engine.types import Algorithm
from recommender.models import ModelVersion

LIVE, POPULAR, BASELINE = "live", "popular", "baseline"
RIVAL = "rival"
"""Where the metrics say which settings stood for what is live."""

AS_LEADER = "as_leader"
"""What a verdict holds beside: whether a rating model is good enough for lists, should it come to lead them."""


@dataclass(frozen=True)
class Gate:
    """Choose what one new version is measured against."""

    role: str
    beside: Mapping[str, Algorithm]
    """To be evaluated on the same split."""
    rival: ModelVersion | None
    """The live version among them."""
    is_first: bool
    """Whether nothing is live that it could be worse than."""
    leads_already: bool = False
    """Whether the live lists are led by what it would take the place of."""

    @classmethod
    def of(cls, name: str, algorithm: Algorithm, then: registry.Then | None = None) -> Self:
        role = registry.role_in_next(name, then)
        beside = {} if name == POPULAR else {POPULAR: create(POPULAR)}
        if role == registry.RATING:
            beside[BASELINE] = create(BASELINE)
        live = registry.rival(name, role, then) if role else None
        if live and (live.algorithm != name or live.settings != _as_stored(algorithm)):
            with suppress(ValueError):
                # One whose settings no longer mean anything here can't be fitted again.
                beside[LIVE] = create(live.algorithm, **_as_given(live))
        is_first = registry.live_release(then) is None
        return cls(role, beside, live if LIVE in beside else None, is_first, _leads(live, then))

    @classmethod
    def of_version(cls, version: ModelVersion) -> Self:
        """Build the gate of a version that is judged as it is: beside what is live, whatever its settings."""
        role = registry.role_in_next(version.algorithm)
        beside = {} if version.algorithm == POPULAR else {POPULAR: create(POPULAR)}
        if role == registry.RATING:
            beside[BASELINE] = create(BASELINE)
        live = registry.rival(version.algorithm, role) if role else None
        if live:
            with suppress(ValueError):
                beside[LIVE] = create(live.algorithm, **_as_given(live))
        is_first = registry.live_release() is None
        return cls(role, beside, live if LIVE in beside else None, is_first, _leads(live))

    def figures(self, evaluation: Evaluation) -> dict[str, Any]:
        """Return the figures for ModelVersion.metrics, with the settings that stood for what is live."""
        rival = self.rival and {"algorithm": self.rival.algorithm, "settings": self.rival.settings}
        return evaluation.as_dict() | ({RIVAL: rival} if rival else {})

    def verdict(self, evaluation: Evaluation) -> dict[str, Any]:
        """Return the verdict for ModelVersion.verdict; empty where the version neither leads nor rates."""
        people = evaluation.judged
        if self.role == registry.RATING and BASELINE in people:
            found = judge_rating_model(people[""], people.get(LIVE), people[BASELINE])
            before = people.get(LIVE) if self.leads_already else None
            return asdict(found) | {AS_LEADER: asdict(judge_lists(people[""], before, people.get(POPULAR)))}
        if self.role == registry.LISTS:
            found = judge_lists(people[""], people.get(LIVE), people.get(POPULAR))
            return asdict(found if found.passed or not self.is_first else _excused(found))
        return {}


def refuse_unfit_leader(ready: Iterable[ModelVersion], then: registry.Then | None = None) -> None:
    """Refuse the version that would lead the lists of the next release though it was judged by its ratings alone.

    Only now is it known which of the versions that were trained together goes on, and so which of them leads. What is
    first, or leads already, passes, and its sentence says what its lists are worth: nothing better is live.
    """
    passed = {version.algorithm: version for version in ready if not version.is_refused}
    version = passed.get(registry.leader_of_next(passed, then))
    found = version.verdict.get(AS_LEADER) if version else None
    if version is None or not found or found["passed"]:
        return
    live = registry.live_release(then)
    if live is None or _leads(registry.rival(version.algorithm, registry.RATING, then), then):
        why = "the first" if live is None else "one that leads already"
        said = f"{version.verdict['sentence']} {found['sentence']} It is {why}: nothing better is live."
        registry.record_verdict(version, version.verdict | {"sentence": said})
    else:
        said = f"It predicts ratings, and would lead the lists as well. {found['sentence']}"
        registry.record_verdict(version, version.verdict | {"passed": False, "sentence": said})


def _leads(live: ModelVersion | None, then: registry.Then | None = None) -> bool:
    """Return True for the version that leads the live lists."""
    return live is not None and live.algorithm == registry.leader_of_next((), then)


def _excused(found: Verdict) -> Verdict:
    return Verdict(True, f"{found.sentence} It is the first all the same: nothing better is live.")


def _as_stored(algorithm: Algorithm) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in _settings(algorithm).items()}


def _as_given(version: ModelVersion) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in version.settings.items()}


def _settings(algorithm: Algorithm) -> dict[str, Any]:
    return asdict(cast(Any, algorithm))
