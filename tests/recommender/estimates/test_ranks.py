"""Lists drawn over ranks: the first leads as often as said, and positions that are kept are certain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from recommender.engine.estimates.logs import Logs
from recommender.engine.estimates.ranks import KEPT, draw_ranks, position_matrix, table


def test_ranks_come_as_often_as_the_table_says() -> None:
    rng = np.random.default_rng(91)
    drawn = np.array([draw_ranks(5, 0.5, rng) for _ in range(4_000)])
    assert_array_equal(np.sort(drawn, axis=1), np.tile(np.arange(1, 6), (4_000, 1)))
    counted = np.array([(drawn == rank).mean(axis=0) for rank in range(1, 6)])
    assert_allclose(counted, table(5, 0.5, 5), atol=0.03)


def test_the_temperature_means_what_the_setting_says() -> None:
    assert table(50, 0.5, 1)[0, 0] == pytest.approx(0.6, abs=0.02)
    assert table(50, 0.1, 1)[0, 0] > 0.99
    assert table(50, 2.0, 1)[0, 0] < 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.sets(st.integers(0, 11)), st.sampled_from([0.1, 0.5, 2.0]), st.integers(1, 12))
def test_what_keeps_its_position_is_certain_and_all_others_share_the_rest(
    n: int, kept: set[int], temperature: float, length: int
) -> None:
    free = [at for at in range(12) if at not in kept][:n]
    ranks = np.full(12, KEPT)
    ranks[free] = draw_ranks(len(free), temperature, np.random.default_rng(n))
    own = ranks[:length]
    found = position_matrix(own, len(free), temperature)
    held = own == KEPT
    assert_array_equal(found[held], np.eye(length)[held])
    assert_array_equal(found[np.ix_(~held, held)], 0)
    assert (np.diagonal(found) > 0).all()
    assert (found.sum(axis=0)[~held] < 1 + 1e-6).all()
    Logs(np.arange(length)[None].astype(np.int32), np.zeros((1, length), bool), found[None], np.zeros(1, np.int64))
