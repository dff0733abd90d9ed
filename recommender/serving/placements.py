"""Keep what is live at the placements in each process: every list needs one, and staff rarely publish.

A request and its placement are combined by two rules. What shapes a list is the request's where it says something, and
else the placement's: `limit`, `diversity`, `algorithm`, `content_weight`. What leaves items out holds on both sides: of
two caps the smaller one, of two filters both. So a client can ask for another list, and never for more than staff let
through.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from django.conf import settings

from recommender.merchandising import ListSettings
from recommender.merchandising.placements import GENERATION
from recommender.merchandising.rules import Rule
from recommender.models import DEFAULT, Placement
from recommender.serving.contract import Request
from recsite.platform import database
from recsite.platform.exceptions import Invalid
from recsite.platform.reloading import Reloading

Kind = Placement.Kind
USUAL = ListSettings()


@dataclass(frozen=True, slots=True)
class ServedPlacement:
    """Hold what is served at a placement: its live revision or, in a preview, settings that are not published."""

    name: str
    kind: str = Kind.ANY
    revision: int | None = None
    settings: ListSettings = USUAL
    variant: str = ""
    """The experiment and the variant that it is shown as: KEY:VARIANT."""
    release: int = 0
    """The release that the variant is of; 0 for the live one."""
    sides: "tuple[ServedPlacement, ServedPlacement] | None" = None
    """The placements whose rankings an experiment drafts into one list."""
    coins_key: bytes = b""
    """Key of the hash by which the coins of a draft are tossed."""
    leads: str = ""
    """What leads its lists because the variant says so."""
    instead: "ServedPlacement | None" = None
    """What is shown where that is not there."""
    pk: int = 0
    """The row of the placement, for addresses of the admin; 0 where there is none."""

    @property
    def content_weight(self) -> float | None:
        """Return the weight of content in its lists: its own, else that of the settings; None for the learned one."""
        own = self.settings.content_weight
        return settings.CONTENT_BASED_WEIGHT if own is None else own

    def without_variant(self) -> "ServedPlacement":
        """Return it as part of no experiment: a variant of a release, or of two rankings, changes nothing else."""
        return self.instead or replace(self, variant="", release=0, sides=None)

    def fits(self, kind: str) -> bool:
        """Tell if it may be asked for lists of this kind."""
        return self.kind in (Kind.ANY, kind)


class UnknownPlacement(Invalid):
    """Refuse a placement that staff have not made."""

    def __init__(self, name: str, known: Collection[str]) -> None:
        named = ", ".join(sorted(known))
        super().__init__({"placement": f"There is no placement {name!r}. Known: {named}."})


class WrongKind(Invalid):
    """Refuse a placement that is made for another kind of list."""

    def __init__(self, placement: ServedPlacement, kind: str, fitting: Collection[str]) -> None:
        own, asked = (str(Kind(one).label) for one in (placement.kind, kind))
        sentence = f"{placement.name!r} is made for another kind of list ({own}) than this one ({asked})."
        super().__init__({"placement": f"{sentence} Fitting: {', '.join(sorted(fitting))}."})


def find(name: str = "", kind: str = "") -> ServedPlacement:
    """Return the placement of that name, `default` without one, for a list of this kind (a user's, unless it is said).

    Raises UnknownPlacement and WrongKind, which name those that there are.
    """
    known, kind = _copy.current(), kind or Kind.USER
    found = known.get(name or DEFAULT)
    if found is None:
        raise UnknownPlacement(name, known)
    if not found.fits(kind):
        raise WrongKind(found, kind, [one.name for one in known.values() if one.fits(kind)])
    return found


def names(kind: str) -> list[str]:
    """Return the placements that may be asked for lists of a kind, `default` first."""
    fitting = (one.name for one in _copy.current().values() if one.fits(kind))
    return sorted(fitting, key=lambda name: (name != DEFAULT, name))


def combined(placement: ServedPlacement, request: Request, now: datetime | None = None) -> Request:
    """Return the request with what the placement says where it says nothing itself; see the rules above.

    `now` is when its rules have to hold: at this moment, unless it is said. What leads and the weight of content are
    looked up with the live release: see `leading` and `answers.context_for`.
    """
    own = placement.settings
    length = request.limit or min(own.count or settings.DEFAULT_RECOMMENDATION_COUNT, settings.MAX_RECOMMENDATION_COUNT)
    caps = [cap for cap in (request.max_per_category, own.max_per_category) if cap]
    return replace(
        request,
        limit=length,
        diversity=own.diversity if request.diversity is None else request.diversity,
        max_per_category=min(caps, default=0),
        placement_filter=own.filter or "",
        rules=_in_force(own.rules, now or clock()) if own.rules else (),
        placement=placement.name,
    )


def _in_force(rules: Sequence[Rule], now: datetime) -> tuple[tuple[int, Rule], ...]:
    """Return the rules whose days and hours include a moment, by their numbers."""
    return tuple(one for one in enumerate(rules, 1) if one[1].holds_at(now))


def clock() -> datetime:
    """Return the time by which rules hold."""
    return datetime.now(UTC)


def forget() -> None:
    """Empty the copy as if the process had just started, for tests."""
    _copy.forget()


def _read() -> Mapping[str, ServedPlacement]:
    stored = database.ask(lambda: list(Placement.objects.select_related("live").order_by()))
    return {**_makeshift(), **{placement.name: served(placement) for placement in stored}}


def served(placement: Placement) -> ServedPlacement:
    """Return what is served at a stored placement."""
    live = placement.live
    if live is None:
        return ServedPlacement(placement.name, placement.kind, pk=placement.pk)
    settings = ListSettings.stored(live.settings)
    return ServedPlacement(placement.name, placement.kind, live.number, settings, pk=placement.pk)


def _makeshift() -> Mapping[str, ServedPlacement]:
    """Build the default placement: lists are made without the database, too."""
    return {DEFAULT: ServedPlacement(DEFAULT)}


_copy = Reloading(GENERATION, _read, _makeshift)
