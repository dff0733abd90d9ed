"""Decide which variant a user gets: by a keyed hash, so the answer is the same for ever without a row or a query."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

BUCKETS = 10_000
"""Parts that users are dealt into; shares are multiples of 0.01 %."""


def bucket(key: bytes, salt: str, user: str) -> int:
    """Return the bucket (0 to BUCKETS - 1) of a user: keyed BLAKE2b of salt and user.

    Without the key nobody can tell who gets what. Buckets of two salts are independent of each other, so a salt of its
    own for each layer and each experiment keeps what one experiment did to its users out of the next one.
    """
    if not 0 < len(key) <= blake2b.MAX_KEY_SIZE:
        raise ValueError(f"The key needs 1 to {blake2b.MAX_KEY_SIZE} bytes, not {len(key)}.")
    # The length of the salt keeps ("a", "bc") and ("ab", "c") apart.
    head = f"{len(salt)}:{salt}:".encode()
    digest = blake2b(head + user.encode(), key=key, digest_size=8).digest()
    return int.from_bytes(digest) * BUCKETS >> 64


Assigned = tuple[str, str] | tuple[None, None]
"""An experiment and a variant of it, or neither."""

Range = tuple[int, int, str]
"""First bucket, the bucket after the last, and the name that owns what lies between."""


@dataclass(frozen=True)
class Allocation:
    """Hold which buckets belong to which name: the variants of an experiment, or the experiments of a layer.

    It is kept with the experiment: what a share was before decides who moves when it changes.
    """

    ranges: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        end = 0
        for start, stop, name in self.ranges:
            if not end <= start < stop <= BUCKETS or not name:
                raise ValueError(f"Ranges must be named, in order and apart, within 0 to {BUCKETS}: {self.ranges}.")
            end = stop

    @cached_property
    def _starts(self) -> list[int]:
        return [start for start, _, _ in self.ranges]

    def owner(self, number: int) -> str | None:
        """Return the name that owns a bucket, None where nobody does."""
        at = bisect_right(self._starts, number) - 1
        return self.ranges[at][2] if at >= 0 and number < self.ranges[at][1] else None

    def shares(self) -> dict[str, float]:
        """Return the share of the buckets that each name owns."""
        found: dict[str, float] = {}
        for start, stop, name in self.ranges:
            found[name] = found.get(name, 0) + (stop - start)
        return {name: count / BUCKETS for name, count in found.items()}

    def with_shares(self, shares: Mapping[str, float]) -> "Allocation":
        """Return the allocation with these shares (0 to 1 each, 1 together at most) that moves the fewest buckets.

        A name keeps its lowest buckets; what it gives up, and what was free, goes to those that grow. So a share that
        is raised from 1 % to 50 % keeps its first users. Names that are not in `shares` lose theirs.
        """
        left = _counts(shares)
        kept: list[Range] = []
        for start, stop, name in self.ranges:
            count = min(stop - start, left.get(name, 0))
            if count:
                kept.append((start, start + count, name))
                left[name] -= count
        return Allocation(_merged(sorted([*kept, *_filled(_gaps(kept), left)])))


def assign(key: bytes, layer: str, experiments: Allocation, variants: Mapping[str, Allocation], user: str) -> Assigned:
    """Return the one experiment of the layer that the user is in, and their variant; (None, None) where in none.

    `experiments` shares out the layer's buckets among its experiments, so that these exclude each other; `variants`
    has the allocation of each, which is asked with the experiment's own salt.
    """
    experiment = experiments.owner(bucket(key, f"layer:{layer}", user))
    if experiment is None:
        return None, None
    variant = variants[experiment].owner(bucket(key, f"experiment:{experiment}", user))
    return (None, None) if variant is None else (experiment, variant)


def _counts(shares: Mapping[str, float]) -> dict[str, int]:
    """Turn shares into whole buckets, by largest remainders: thirds make all of them together."""
    total = sum(shares.values())
    if any(not 0 <= share <= 1 for share in shares.values()) or total > 1 + 1e-9:
        raise ValueError(f"Shares must be from 0 to 1 and at most 1 together; these are {total:g}: lower some of them.")
    exact = {name: share * BUCKETS for name, share in shares.items()}
    counts = {name: int(value + 1e-6) for name, value in exact.items()}
    missing = round(total * BUCKETS) - sum(counts.values())
    for name in sorted(exact, key=lambda one: (counts[one] - exact[one], one))[: max(missing, 0)]:
        counts[name] += 1
    return counts


def _gaps(ranges: Sequence[Range]) -> Iterator[tuple[int, int]]:
    """Yield what lies between ordered ranges."""
    starts, ends = [start for start, _, _ in ranges], [stop for _, stop, _ in ranges]
    for start, stop in zip([0, *ends], [*starts, BUCKETS], strict=True):
        if start < stop:
            yield start, stop


def _filled(gaps: Iterator[tuple[int, int]], counts: Mapping[str, int]) -> Iterator[Range]:
    """Yield ranges that give each name as many buckets of the gaps as it lacks, in order."""
    start = stop = 0
    for name, count in counts.items():
        missing = count
        while missing:
            if start == stop:
                start, stop = next(gaps)
            taken = min(stop - start, missing)
            yield start, start + taken, name
            start, missing = start + taken, missing - taken


def _merged(ranges: Sequence[Range]) -> tuple[Range, ...]:
    """Join neighbouring ranges of one name."""
    found: list[Range] = []
    for start, stop, name in ranges:
        if found and found[-1][1] == start and found[-1][2] == name:
            found[-1] = (found[-1][0], stop, name)
        else:
            found.append((start, stop, name))
    return tuple(found)
