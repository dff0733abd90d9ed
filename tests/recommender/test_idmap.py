"""Ids outside, row numbers inside."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.engine.types import UNKNOWN, IdMap

ids = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20)


def test_the_rows_of_known_ids_are_their_places_in_order() -> None:
    assert IdMap.of(np.array([30, 10, 20, 10])).rows(np.array([10, 20, 30])).tolist() == [0, 1, 2]


def test_unknown_ids_have_no_row() -> None:
    assert IdMap.of(np.array([10, 20])).rows(np.array([5, 15, 25])).tolist() == [UNKNOWN] * 3


def test_an_empty_map_knows_nobody() -> None:
    assert IdMap.of(np.array([], np.int64)).rows(np.array([1, 2])).tolist() == [UNKNOWN] * 2


@given(ids, ids)
def test_a_row_leads_back_to_its_id(held: list[int], asked: list[int]) -> None:
    known = IdMap.of(np.array(held, np.int64))
    for wanted, row in zip(asked + held, known.rows(np.array(asked + held, np.int64)), strict=True):
        assert (known.ids[row] == wanted) if wanted in held else (row == UNKNOWN)
