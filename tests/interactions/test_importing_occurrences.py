"""The number of an event among its equals, in batches of any size."""

from collections import Counter

import numpy as np

from interactions.importing.occurrences import Occurrences


def test_every_key_is_numbered_as_a_counter_would() -> None:
    rng = np.random.default_rng(5)
    occurrences, counter = Occurrences(), Counter[int]()
    for size in (1, 900, 3, 0, 400, 400, 2_000):
        keys = rng.integers(0, 300, size).astype(np.uint64)
        wanted = []
        for key in keys.tolist():
            wanted.append(counter[key])
            counter[key] += 1
        assert occurrences.number(keys).tolist() == wanted


def test_what_is_remembered_lies_in_few_runs() -> None:
    occurrences = Occurrences()
    for batch in range(1_000):
        occurrences.number(np.arange(batch * 10, batch * 10 + 10, dtype=np.uint64))
    assert len(occurrences._runs) <= 12
    assert sum(map(len, occurrences._runs)) == 10_000
