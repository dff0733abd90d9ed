"""Latent tastes over categories, subjects and an unnamed style, and how much each work suits a user."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storefront.simulation.people import BY_AGE, Crowd
from storefront.works.works import CATEGORIES, Work

STYLES = 2
"""Dimensions of style, which no category or subject names: only other people's ratings reveal them."""
CATEGORY_PULL, SUBJECT_PULL = 0.85, 0.53

TILTS = {
    "13-17": {"Children": 4.0, "Fantasy": 3.0, "Graphic Novels": 3.0, "Love Stories": 1.5},
    "18-24": {"Fantasy": 2.0, "Graphic Novels": 2.0, "Science Fiction": 1.5, "Love Stories": 1.5},
    "25-34": {"Modern Fiction": 1.5, "Science Fiction": 1.5, "Society": 1.3},
    "35-44": {"Crime": 1.3, "Modern Fiction": 1.5, "Children": 1.5},
    "45-54": {"Crime": 1.5, "Science": 1.3, "Historical Fiction": 1.3},
    "55-64": {"Crime": 1.5, "History": 1.7, "Memoir": 1.5},
    "65+": {"Classics": 2.0, "History": 2.0, "Memoir": 1.7, "Historical Fiction": 1.5},
}
"""How much likelier an age group is to favour a category."""


@dataclass(frozen=True)
class Traits:
    """Hold the traits of the works as arrays: row i is work i."""

    categories: NDArray[np.float64]
    subjects: NDArray[np.float64]
    style: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64]) -> "Traits":
        """Return the traits of some works."""
        return Traits(self.categories[rows], self.subjects[rows], self.style[rows])


@dataclass(frozen=True)
class Tastes:
    """Hold the tastes of the users in the dimensions of `Traits`: row i is user i."""

    categories: NDArray[np.float64]
    subjects: NDArray[np.float64]
    style: NDArray[np.float64]

    @property
    def favourites(self) -> NDArray[np.int64]:
        """Return each user's three favourite categories, best first."""
        return np.argsort(-self.categories, axis=1, kind="stable")[:, :3]

    def by_topic(self, rows: slice, traits: Traits) -> NDArray[np.float64]:
        """Return how much each work's topics attract users (users, works): 0 is indifferent, 1 about the spread."""
        categories = self.categories[rows] @ traits.categories.T
        subjects = self.subjects[rows] @ traits.subjects.T
        return CATEGORY_PULL * categories + SUBJECT_PULL * subjects

    def by_style(self, rows: slice, traits: Traits) -> NDArray[np.float64]:
        """Return how much each work's style pleases these users, likewise."""
        return self.style[rows] @ traits.style.T / np.sqrt(STYLES)


def draw_traits(rng: np.random.Generator, works: Sequence[Work]) -> Traits:
    """Return the catalogue's categories and subjects, and draw styles: works that share subjects lean to one."""
    names = sorted({subject for work in works for subject in work.subjects})
    categories = _membership([work.categories for work in works], CATEGORIES)
    subjects = _membership([work.subjects for work in works], names)
    leaning = subjects @ rng.normal(size=(len(names), STYLES))
    style = 0.5 * leaning + 0.87 * rng.normal(size=leaning.shape)
    return Traits(categories, subjects, style)


def draw_tastes(rng: np.random.Generator, crowd: Crowd, traits: Traits) -> Tastes:
    """Draw a few favourite categories, likelier those of the user's age, subjects that occur in them, and a style."""
    tilts = np.array([[TILTS[age].get(category, 1.0) for category in CATEGORIES] for age in BY_AGE])
    weights = rng.gamma(0.25 * tilts[crowd.ages])
    shares = weights / weights.sum(axis=1, keepdims=True)
    met = shares @ (traits.categories.T @ traits.subjects)
    liked = rng.gamma(0.1, size=met.shape) * np.sqrt(met / met.max(axis=1, keepdims=True))
    return Tastes(_centred(np.sqrt(shares)), _centred(np.sqrt(liked)), rng.normal(size=(len(crowd), STYLES)))


def _membership(names: Sequence[Sequence[str]], columns: Sequence[str]) -> NDArray[np.float64]:
    """Return a matrix whose row i has equal shares, of length 1 together, in the columns that it names."""
    column = {name: number for number, name in enumerate(columns)}
    matrix = np.zeros((len(names), len(columns)))
    for row, held in enumerate(names):
        matrix[row, [column[name] for name in held]] = 1 / np.sqrt(len(held))
    return matrix


def _centred(likes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return tastes as deviations from each user's mean, with a spread of 1: what is not liked counts against."""
    deviations = likes - likes.mean(axis=1, keepdims=True)
    return deviations / np.maximum(deviations.std(axis=1, keepdims=True), 1e-9)
