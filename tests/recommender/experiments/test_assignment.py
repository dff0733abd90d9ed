"""A user keeps their variant, shares come out as asked for, and a change of shares moves no more than it must."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from recommender.engine.experiments.assignment import BUCKETS, Allocation, assign, bucket

KEY = b"a key that nobody guesses"
USERS = [f"user-{number}" for number in range(40_000)]
NAMES = ("A", "B", "C", "D")

Pair = tuple[str | None, str | None]
"""An experiment and a variant."""

SHARES = st.lists(st.integers(0, BUCKETS), min_size=4, max_size=4).map(
    lambda parts: {name: part / max(sum(parts), BUCKETS) for name, part in zip(NAMES, parts, strict=True)}
)


def test_buckets_are_uniform() -> None:
    counts = Counter(bucket(KEY, "home", user) // (BUCKETS // 100) for user in USERS)
    assert len(counts) == 100
    assert chisquare(list(counts.values())).pvalue > 0.001


def test_buckets_of_two_salts_have_nothing_to_do_with_each_other() -> None:
    table = Counter(
        (bucket(KEY, "one", user) * 5 // BUCKETS, bucket(KEY, "two", user) * 5 // BUCKETS) for user in USERS
    )
    assert chi2_contingency([[table[row, column] for column in range(5)] for row in range(5)]).pvalue > 0.001


def test_a_bucket_is_for_ever_and_hangs_on_the_key_the_salt_and_the_user() -> None:
    """The number itself is pinned: another one would deal every user anew."""
    assert bucket(KEY, "home", "ada") == bucket(KEY, "home", "ada") == 5836
    assert len({bucket(KEY, "home", "ada"), bucket(b"other", "home", "ada"), bucket(KEY, "cart", "ada")}) == 3
    assert bucket(KEY, "home", "ada") != bucket(KEY, "homea", "da")


def test_a_key_is_needed() -> None:
    with pytest.raises(ValueError, match="The key needs 1 to 64 bytes"):
        bucket(b"", "home", "ada")


def owners(allocation: Allocation) -> list[str | None]:
    return [allocation.owner(number) for number in range(BUCKETS)]


@given(SHARES)
def test_shares_come_out_as_asked_for(shares: dict[str, float]) -> None:
    found = Allocation().with_shares(shares).shares()
    for name, share in shares.items():
        assert found.get(name, 0) == pytest.approx(share, abs=1 / BUCKETS)
    assert sum(found.values()) == pytest.approx(sum(shares.values()), abs=0.5 / BUCKETS)


def test_thirds_leave_nobody_out() -> None:
    assert sum(Allocation().with_shares(dict.fromkeys("ABC", 1 / 3)).shares().values()) == 1


@settings(max_examples=40, deadline=None)
@given(SHARES, SHARES)
def test_a_change_moves_as_few_as_can_be(before: dict[str, float], after: dict[str, float]) -> None:
    old = Allocation().with_shares(before)
    new = old.with_shares(after)
    moved = sum(owner != now for owner, now in zip(owners(old), owners(new), strict=True))
    had, has = old.shares(), new.shares()
    nobody = 1 - sum(had.values()), 1 - sum(has.values())
    changes = [had.get(name, 0) - has.get(name, 0) for name in NAMES] + [nobody[0] - nobody[1]]
    assert moved == round(sum(abs(change) for change in changes) / 2 * BUCKETS)


def test_a_share_that_grows_keeps_its_users() -> None:
    small = Allocation().with_shares({"B": 0.01})
    large = small.with_shares({"A": 0.5, "B": 0.5})
    assert all(large.owner(number) == "B" for number in range(BUCKETS) if small.owner(number) == "B")


def test_shares_over_everybody_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 1 together; these are 1\.1"):
        Allocation().with_shares({"A": 0.6, "B": 0.5})
    with pytest.raises(ValueError, match="from 0 to 1"):
        Allocation().with_shares({"A": -0.1})


@pytest.mark.parametrize(
    "ranges", [((5, 5, "A"),), ((0, 9, "A"), (8, 10, "B")), ((0, BUCKETS + 1, "A"),), ((0, 1, ""),)]
)
def test_ranges_that_overlap_or_leave_the_buckets_are_refused(ranges: tuple[tuple[int, int, str], ...]) -> None:
    with pytest.raises(ValueError, match="Ranges must be named"):
        Allocation(ranges)


def test_experiments_of_one_layer_exclude_each_other() -> None:
    layer = Allocation().with_shares({"ranking": 0.5, "colour": 0.3})
    variants = {name: Allocation().with_shares({"A": 0.5, "B": 0.5}) for name in ("ranking", "colour")}
    counts: Counter[Pair] = Counter(assign(KEY, "home", layer, variants, user) for user in USERS)
    shares: dict[Pair, float] = {
        ("ranking", "A"): 0.25,
        ("ranking", "B"): 0.25,
        ("colour", "A"): 0.15,
        ("colour", "B"): 0.15,
        (None, None): 0.2,
    }
    assert chisquare([counts[one] for one in shares], [len(USERS) * share for share in shares.values()]).pvalue > 0.001
    assert sum(counts[one] for one in shares) == len(USERS)


def test_the_next_experiment_of_a_layer_deals_its_users_anew() -> None:
    variants = Allocation().with_shares({"A": 0.5, "B": 0.5})
    layers = {name: Allocation().with_shares({name: 1.0}) for name in ("first", "second")}
    pairs = Counter(
        tuple(assign(KEY, "home", layer, {name: variants}, user)[1] for name, layer in layers.items())
        for user in USERS[:10_000]
    )
    assert chi2_contingency([[pairs[a, b] for b in "AB"] for a in "AB"]).pvalue > 0.001
