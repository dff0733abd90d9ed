"""Find what a training would only repeat: equal inputs, settings and seed make an equal model."""

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

import numpy as np

from recommender import registry
from recommender.engine.algorithms import SKIPS, TOKENS, settings_of
from recommender.engine.types import Algorithm, Dataset, TokenTable
from recommender.models import ModelVersion
from recommender.training.refit import WEIGHTS_OF
from recsite.platform.jobs import NothingToDo


def without_unchanged(
    chosen: Mapping[str, Algorithm], inputs: Mapping[str, str], seeds: Mapping[str, int], quick: bool = False
) -> dict[str, Algorithm]:
    """Return the algorithms that would make another model than they have made. Raises NothingToDo where none would.

    `inputs` has the hash of what each of them reads. Only a `quick` training has nothing to add to a refit.
    """
    made = {name: _made_already(name, one, inputs[name], seeds[name], quick) for name, one in chosen.items()}
    left = {name: algorithm for name, algorithm in chosen.items() if made[name] is None}
    if not left:
        raise NothingToDo(_sentence([version for version in made.values() if version]))
    return left


def inputs_hash(dataset: Dataset, events: str, reads: Collection[str]) -> str:
    """Return the SHA-256 of what an algorithm reads: users' segments, and what `reads` names beside the events.

    `events` is the data hash, which is costly: it is made once for all algorithms.
    """
    digest = sha256(events.encode())
    tables = [dataset.user_segments, dataset.item_tokens if TOKENS in reads else None]
    for part in (part for table in tables for part in _parts(table)):
        digest.update(part)
    if dataset.skips and SKIPS in reads:
        for array in (dataset.skips.users, dataset.skips.items, dataset.skips.counts, dataset.skips.last):
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _parts(table: TokenTable | None) -> Iterable[bytes]:
    yield b"table"
    if table:
        yield np.ascontiguousarray(table.ids.ids).tobytes()
        yield from (repr(tokens).encode() for tokens in table.tokens)


def _made_already(name: str, algorithm: Algorithm, inputs: str, seed: int, quick: bool) -> ModelVersion | None:
    ready = ModelVersion.objects.filter(algorithm=name, state=ModelVersion.State.READY, inputs_hash=inputs, seed=seed)
    if not quick:
        ready = ready.exclude(metrics__has_key=WEIGHTS_OF)
    return ready.filter(settings=settings_of(algorithm)).first()


def _sentence(versions: list[ModelVersion]) -> str:
    live = registry.live_release()
    served = set(live.versions.values_list("pk", flat=True)) if live else set()
    waiting = [str(version) for version in versions if version.pk not in served]
    names = ", ".join(map(str, versions))
    said = f"Events, catalogue and settings are those that {names} was trained on: training again would change nothing."
    return f"{said} Not live, but ready to be promoted: {', '.join(waiting)}." if waiting else said
