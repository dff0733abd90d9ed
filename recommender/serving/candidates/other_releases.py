"""Hold releases and models that are not live beside the live release, to look at what they would serve.

Their models are memory-mapped as the live ones are, and a process keeps MOST_OPEN of them, the last used ones; one that
an experiment shows to users is not given up for one that is looked at. No list that somebody only looks at is stored;
those of an experiment's variant are, under names of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from types import MappingProxyType

from catalog import snapshot
from recommender.models import ModelVersion, Release, ReleaseModel
from recommender.registry.exceptions import ArtifactDamaged
from recommender.serving.candidates.context import ServingContext, current_context
from recommender.serving.candidates.loaded_release import LoadedModel, LoadedRelease, assemble, live, load_member
from recsite.platform import database
from recsite.platform.exceptions import Invalid

MOST_OPEN = 2
SHOWN_SECS = 60.0
"""How long a variant's release counts as shown after a user saw a list of it."""


class UnknownRelease(Invalid):
    """Refuse a release that there isn't, or that can't be loaded any more."""

    def __init__(self, sentence: str, field: str = "release") -> None:
        super().__init__({field: sentence})
        self.sentence = sentence


@dataclass(frozen=True, eq=False, slots=True)
class _Open:
    """Hold an opened release, and the live one that it was opened beside."""

    context: ServingContext
    beside: LoadedRelease | None = None
    """None where the live release has no part in it."""


_open: dict[str, _Open] = {}
_shown_at: dict[str, float] = {}
"""When users last saw a list of what is open, by its name."""

_lock = Lock()


def context_of_release(number: int) -> ServingContext:
    """Return what requests would be answered from if this release were live.

    Raises UnknownRelease where there is no such release or its files are gone, and DatabaseDown.
    """
    if number == live().number:
        # The same models and rankings; with other caches for weights, whose contexts say whether they are live.
        return replace(current_context(), is_stored=False, _by_content_weight={})
    return _context(f"@{number}", lambda: _load_release(number))


def context_of_variant(number: int) -> ServingContext:
    """Return the same for users to whom an experiment shows the release: their lists are stored, under its name.

    Raises UnknownRelease, and DatabaseDown.
    """
    if number == live().number:
        return current_context()
    looked_at = _context(f"@{number}", lambda: _load_release(number), is_shown=True)
    held: ServingContext | None = looked_at.derived.get(ServingContext)
    if held is None or held.catalogue is not looked_at.catalogue:
        held = looked_at.derived[ServingContext] = replace(looked_at, is_stored=True, _by_content_weight={})
    return held


def context_of_version(number: int) -> ServingContext:
    """Return what requests would be answered from if this model led the live release, in the place of its like.

    Raises UnknownRelease where there is no such model or its files are gone, and DatabaseDown.
    """
    return _context(f"@model-{number}", lambda: _load_version(number, live()), live())


def has_room(number: int, model: int = 0) -> bool:
    """Tell if a release or a model is held, or could be without giving up one that users see."""
    name = f"@model-{model}" if model else f"@{number}"
    with _lock:
        return number == live().number or name in _open or len(_open) < MOST_OPEN or not all(map(_is_shown, _open))


def open_names() -> list[str]:
    """Return the names of what is held, the last used one last."""
    return list(_open)


def forget() -> None:
    """Start again with nothing opened, for tests."""
    _open.clear()
    _shown_at.clear()


def _context(
    name: str, load: Callable[[], LoadedRelease], beside: LoadedRelease | None = None, is_shown: bool = False
) -> ServingContext:
    catalogue, held = snapshot.current(), _open.get(name)
    if held is None or held.beside is not beside:
        context = ServingContext(load(), catalogue, name, is_live=False, is_stored=False)
    elif held.context.catalogue.base is not catalogue.base:
        context = ServingContext(held.context.release, catalogue, name, is_live=False, is_stored=False)
    elif held.context.catalogue is not catalogue:
        context = replace(held.context, catalogue=catalogue, _by_content_weight={})
    else:
        context = held.context
    _hold(name, _Open(context, beside), is_shown)
    return context


def _hold(name: str, opened: _Open, is_shown: bool) -> None:
    """Hold it as the last used one. The one given up is that used longest ago, of those that users don't see.

    Where users see all others, one that is only looked at is not held.
    """
    # Readers take no lock: a dict's own `get` is whole.
    with _lock:
        _open.pop(name, None)
        _open[name] = opened
        if is_shown:
            _shown_at[name] = monotonic()
        while len(_open) > MOST_OPEN:
            unseen = next((one for one in _open if not _is_shown(one)), None)
            given_up = unseen or next(iter(_open))
            del _open[given_up]
            _shown_at.pop(given_up, None)


def _is_shown(name: str) -> bool:
    return monotonic() - _shown_at.get(name, -SHOWN_SECS) < SHOWN_SECS


def _load_release(number: int) -> LoadedRelease:
    found = database.ask(lambda: Release.objects.filter(pk=number).prefetch_related("members__version").first())
    if found is None:
        raise UnknownRelease(f"There is no release {number}.")
    return assemble(found, [_load(row, f"Release {number}", "release") for row in found.members.all()])


def _load_version(number: int, beside: LoadedRelease) -> LoadedRelease:
    version = database.ask(lambda: ModelVersion.objects.filter(pk=number).first())
    if version is None:
        raise UnknownRelease(f"There is no model {number}.", "model")
    row = ReleaseModel(version=version, algorithm=version.algorithm, role=ReleaseModel.Role.RANKING)
    before = beside.members.get(version.algorithm)
    loaded = _load(row, f"Model {number}", "model")
    loaded = replace(loaded, is_rating_model=before is not None and before.is_rating_model)
    return LoadedRelease(None, MappingProxyType({**beside.members, version.algorithm: loaded}), loaded)


def _load(row: ReleaseModel, whose: str, field: str) -> LoadedModel:
    version = row.version
    if version.state != ModelVersion.State.READY or not version.artifact:
        why = "was never finished" if version.state != ModelVersion.State.ARCHIVED else "has no files any more"
        raise UnknownRelease(f"{whose} can't be looked at: {version} {why}. Name a newer one, or train again.", field)
    try:
        return load_member(row)
    except ArtifactDamaged as damage:
        raise UnknownRelease(f"{whose} can't be looked at. {damage}", field) from damage
