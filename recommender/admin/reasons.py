"""Explain a whole list in words."""

from collections.abc import Sequence
from typing import Any

from recommender.engine.algorithms import ALGORITHMS
from recommender.serving import Answer
from recommender.serving.candidates import EXPLORATION, FOLD_IN, LATEST, POPULAR, RULE, STATED_PREFERENCES, TRENDING

SOURCES = {name: one.label for name, one in ALGORITHMS.items()} | {
    LATEST: "The newest items, without those this user has seen. The score is minus the age in days.",
    FOLD_IN: "What they did since the last training, together with what was learned by then.",
    EXPLORATION: "A new item: lists try it out, so that something becomes known of it.",
    STATED_PREFERENCES: "What they said they like.",
    RULE: "A rule of the placement put it there.",
}
NAMED = {
    FOLD_IN: "latest events",
    EXPLORATION: "new items",
    STATED_PREFERENCES: "stated preferences",
    RULE: "a rule",
}
"""Sources whose own names say little to staff; all others are called by their names."""

FOR_ALL = {
    POPULAR: "what most users liked",
    LATEST: "the newest items",
    TRENDING: "what is trending",
}


def of(answer: Answer, has_history: bool) -> str:
    """Return why a user gets this answer."""
    if answer.cold_start:
        return f"{_unknown(answer, has_history)} so the list is the one for new users: {FOR_ALL[answer.algorithm]}."
    sources = [one.source for one in answer.items]
    if STATED_PREFERENCES in sources:
        return "This user has done nothing yet, so the list is by the preferences that they stated."
    if FOLD_IN in sources:
        return "They did something since the last training, and the list goes by that as well."
    if answer.algorithm in FOR_ALL:
        return f"All users get {FOR_ALL[answer.algorithm]}, without what they have seen."
    return "The model was trained on all events of this user, so the list is what it predicts."


def of_similar(similar: Sequence[dict[str, Any]]) -> str:
    """Return why these items are listed as similar."""
    fillers = [one for one in similar if one["source"] in FOR_ALL]
    if not fillers:
        return "As the live model has learned; the higher the score, the more similar."
    if len(fillers) == len(similar):
        return "The live model doesn't know this item, so these are popular items, of its categories first."
    return "As the live model has learned; below them popular items, with their own score."


def _unknown(answer: Answer, has_history: bool) -> str:
    if answer.release is None:
        return "No release is live,"
    if has_history:
        return "None of their events says what they like,"
    return "Nothing is known of this user yet,"
