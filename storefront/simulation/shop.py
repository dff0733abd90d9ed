"""Place the works in the shop, and choose which of them each user meets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storefront.simulation.behaviour import Encounters
from storefront.simulation.renown import renown
from storefront.simulation.rhythm import DAY, Rhythm
from storefront.simulation.tastes import Tastes, Traits, draw_traits
from storefront.works.works import Work

SHOP_DAYS = 2 * 365
OPENING_SHARE = 0.6
"""The share of works that were there when the shop opened; the others came in one by one."""
NEW_SHARE = 1 / 75
"""The share of works that came in during the last `NEW_DAYS` and that nobody has met yet."""
NEW_DAYS = 4

TOPIC_DRAWS, STYLE_DRAWS, FAME_DRAWS = 2.4, 0.6, 1.9
"""What makes somebody turn to a work: mostly its topics, which are known beforehand."""
TOPIC_PLEASES, STYLE_PLEASES, QUALITY_PLEASES = 0.35, 1.3, 0.4
"""What decides how much they like it then: mostly its style."""
BLOCK = 4096
"""People at a time: keeps the table of people and works small."""


@dataclass(frozen=True)
class Shop:
    """Hold the works as arrays: row i is work i."""

    traits: Traits
    published: NDArray[np.int64]
    """When each came into the shop, in seconds since 1970."""
    fame: NDArray[np.float64]
    quality: NDArray[np.float64]
    reach: NDArray[np.float64]
    """Logarithm of the share of the window's traffic that could meet the work; -inf: brand new."""

    @property
    def met_works(self) -> int:
        """Return the number of works that are not brand new."""
        return int(np.isfinite(self.reach).sum())


def stock(rng: np.random.Generator, works: Sequence[Work], rhythm: Rhythm) -> Shop:
    """Draw when each work came in, how well known and how good it is; a few are brand new."""
    ages = rng.uniform(2 * NEW_DAYS, SHOP_DAYS, len(works))
    ages[rng.uniform(size=len(works)) < OPENING_SHARE] = SHOP_DAYS
    known = renown(works)
    new = _pick_new(rng, works, known)
    ages[new] = rng.uniform(0, NEW_DAYS, len(new))
    published = rhythm.until - 1 - (ages * DAY).astype(np.int64)
    quality = rng.normal(size=len(works))
    fame = known + 0.4 * quality + 0.5 * rng.exponential(size=len(works))
    reach = np.log(np.maximum(rhythm.share_left(published), 1e-9))
    reach[new] = -np.inf
    return Shop(draw_traits(rng, works), published, fame, quality, reach)


def _pick_new(rng: np.random.Generator, works: Sequence[Work], known: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose the works that are brand new: recent ones, and none that is well known."""
    years = np.array([work.year for work in works])
    likely = np.flatnonzero((years >= np.median(years)) & (known <= np.median(known)))
    amount = min(len(works) // 4, len(likely), max(1, round(len(works) * NEW_SHARE)))
    return rng.choice(likely, amount, replace=False)


def come_across(rng: np.random.Generator, tastes: Tastes, shop: Shop, quota: NDArray[np.int64]) -> Encounters:
    """Draw `quota` encounters for each user, no work twice, likelier the better it suits and the better known it is.

    Adding Gumbel noise to log-odds and taking the largest draws without replacement (Kool et al. 2019).
    """
    mainstream = FAME_DRAWS * rng.uniform(0.5, 1.5, len(quota))
    users, items, suits = [], [], []
    for start in range(0, len(quota), BLOCK):
        rows = slice(start, start + BLOCK)
        topic, style = tastes.by_topic(rows, shop.traits), tastes.by_style(rows, shop.traits)
        odds = TOPIC_DRAWS * topic + STYLE_DRAWS * style + np.outer(mainstream[rows], shop.fame) + shop.reach
        drawn = np.argsort(-(odds + rng.gumbel(size=odds.shape)), axis=1, kind="stable")
        user, rank = np.nonzero(np.arange(odds.shape[1]) < quota[rows, None])
        item = drawn[user, rank]
        users.append(user + start)
        items.append(item)
        pleases = TOPIC_PLEASES * topic + STYLE_PLEASES * style + QUALITY_PLEASES * shop.quality
        suits.append(pleases[user, item])
    return Encounters(np.concatenate(users), np.concatenate(items), _standardised(np.concatenate(suits)))


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values with mean 0 and spread 1."""
    return (values - values.mean()) / max(values.std(), 1e-9)
