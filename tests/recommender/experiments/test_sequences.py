"""The confidence sequence is the one of the paper."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from recommender.engine.experiments.sequences import ConfidenceSequence

ALPHAS = st.floats(1e-4, 0.3)


def test_the_multiplier_by_hand() -> None:
    """t = 4, rho = 1/2: 2 (1 + 1) / (16/4) log(sqrt(2) / 0.05) times t, since the standard error has 1 / t within."""
    radius = math.sqrt(2 * (4 / 4 + 1) / (16 / 4) * math.log(math.sqrt(2) / 0.05))
    assert ConfidenceSequence(0.05, 0.5).multiplier(4) / math.sqrt(4) == pytest.approx(radius)


@given(ALPHAS, st.floats(0.001, 0.5))
def test_a_tuned_sequence_is_tightest_where_it_was_tuned_to(alpha: float, effect: float) -> None:
    sequence = ConfidenceSequence.tuned(alpha, effect, power=0.8)
    information = sequence.information_needed(effect, power=0.8)
    there = float(sequence.multiplier(information))
    others = sequence.multiplier(information * np.geomspace(0.01, 100, 201))
    assert there <= others.min() * 1.002


@given(ALPHAS, st.floats(0.001, 0.5), st.floats(0.5, 0.99))
def test_at_the_information_that_is_needed_the_effect_is_found_with_the_power(
    alpha: float, effect: float, power: float
) -> None:
    sequence = ConfidenceSequence.tuned(alpha, 0.05)
    information = sequence.information_needed(effect, power)
    found = norm.sf(float(sequence.multiplier(information)) - effect * math.sqrt(information))
    assert found == pytest.approx(power, abs=1e-6)


def test_without_information_the_interval_has_no_end() -> None:
    assert ConfidenceSequence(0.05, 1).multiplier([0, np.nan]).tolist() == [np.inf, np.inf]


def test_no_effect_at_all_needs_endless_information() -> None:
    assert ConfidenceSequence(0.05, 1).information_needed(0, 0.8) == math.inf
    assert ConfidenceSequence(0.05, 1).information_needed(1e-12, 0.8) == math.inf


@pytest.mark.parametrize(("alpha", "rho"), [(0, 1), (1, 1), (0.05, 0)])
def test_settings_that_make_no_sense_are_refused(alpha: float, rho: float) -> None:
    with pytest.raises(ValueError, match="alpha must be between 0 and 1"):
        ConfidenceSequence(alpha, rho)
