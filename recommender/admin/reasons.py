"""Why a list is as it is, in words."""

from collections.abc import Sequence
from typing import Any

from recommender.serving import Answer
from recommender.serving.candidates import FOLD_IN, LATEST, POPULAR, TRENDING

SOURCES = {
    "hybrid": "Several sources as one, each weighed by how much is known of the person. The score adds up deviations.",
    "ease": "What the person's items say for others, all of them weighed together.",
    "item_knn": "What those who chose the person's items chose as well.",
    "content": "By what items are: their creators, categories, tags and words, beside those of the person's items.",
    "als": "By factors of taste, learned from what people chose rather than how they rated it.",
    "bpmf": "By the rating it predicts: the mean of many draws, which say how sure it is as well.",
    "baseline": "By how generous the person is and how well liked the item.",
    "svd": "By the rating it predicts: the trained model, or the latest events folded into it.",
    POPULAR: "What most people liked, without what this person has seen. The score adds up everybody's acts.",
    TRENDING: "What people turned to these days, without what this person has seen. The score counts them.",
    LATEST: "What came in last, without what this person has seen. The score is minus the age in days.",
}
FOR_ALL = {
    POPULAR: "what most people liked",
    LATEST: "what came in last",
    TRENDING: "what people turn to these days",
}


def of(answer: Answer, has_history: bool) -> str:
    """Why a person gets this answer."""
    if answer.cold_start:
        return f"{_unknown(answer, has_history)} so the list is the one for newcomers: {FOR_ALL[answer.algorithm]}."
    sources = [place.source for place in answer.items]
    if FOLD_IN in sources:
        return "Something happened since the model was trained, so the latest events are folded into it."
    if answer.algorithm in FOR_ALL:
        return f"Everybody gets {FOR_ALL[answer.algorithm]}, without what they have seen."
    return "The model was trained on everything this person did, so the list is by what it learned."


def of_likeness(similar: Sequence[dict[str, Any]]) -> str:
    """Why these items stand beside one."""
    fillers = [place for place in similar if place["source"] in FOR_ALL]
    if not fillers:
        return "By what the live model has learned; the higher the score, the more alike."
    if len(fillers) == len(similar):
        return "The live model doesn't know this item, so these are the popular ones, of its categories first."
    return "By what the live model has learned; below them the popular ones, with their own score."


def _unknown(answer: Answer, has_history: bool) -> str:
    if answer.release is None:
        return "No release is live,"
    if has_history:
        return "None of the events says anything that the model could use,"
    return "Nothing is known of this person yet,"
