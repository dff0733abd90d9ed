"""Users of experiments, drawn at random with fixed seeds."""

import numpy as np

from recommender.engine.experiments.moments import Floats, Moments


def converted(counts: Floats, users: int) -> Moments:
    """Return the sums of users who each did it or not: `counts` (...) of `users` did."""
    n = np.full(np.shape(counts), float(users))
    sums = np.stack([counts, n, 0 * n, n], axis=-1)
    products = np.zeros((*n.shape, 4, 4))
    for row, column in ((0, 0), (0, 1), (1, 0), (0, 3), (3, 0)):
        products[..., row, column] = counts
    for row, column in ((1, 1), (1, 3), (3, 1), (3, 3)):
        products[..., row, column] = n
    return Moments(n, sums, products)


def conversions(rng: np.random.Generator, days: int, runs: int, users: int, rate: float) -> Moments:
    """Return the running sums (days, runs) of new users a day who convert at this rate."""
    return converted(rng.binomial(users, rate, (days, runs)).astype(float), users).cumulated()


def clicks_and_impressions(rng: np.random.Generator, days: int, runs: int, users: int) -> Moments:
    """Return the running sums (days, runs) of clicks over impressions; users differ in both."""
    impressions = 1 + rng.poisson(4, (days, runs, users))
    inclination = rng.choice(rng.beta(1, 9, 10_000), impressions.shape)
    return Moments.of(rng.binomial(impressions, inclination), impressions).cumulated()


def acts_of_returning_users(rng: np.random.Generator, days: int, runs: int, users: int) -> Moments:
    """Return the sums (days, runs) of acts per user, where all come on the first day and go on acting."""
    inclination = rng.gamma(0.5, 1.0, (runs, users))
    acts = rng.poisson(np.broadcast_to(inclination, (days, runs, users)))
    return Moments.of(acts.cumsum(axis=0))
