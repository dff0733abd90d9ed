"""Turn what the catalogue says of items into words that can be counted. Pure."""

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from recommender.engine.types import Tokens

CATEGORY, TAG, CREATOR, WORD, NUMBER = "cgaw#"
"""The first letter of a token says which field it comes from."""

KINDS = (CATEGORY, TAG, CREATOR, WORD, NUMBER)
LONGEST_TEXT = 20_000
WORDS = re.compile(r"[^\W_]{2,}")
STOP_WORDS = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "from",
        "has",
        "have",
        "he",
        "her",
        "his",
        "in",
        "into",
        "is",
        "it",
        "its",
        "not",
        "of",
        "on",
        "or",
        "she",
        "that",
        "the",
        "their",
        "they",
        "this",
        "to",
        "was",
        "were",
        "which",
        "who",
        "will",
        "with",
        "you",
        "your",
    ]
)


def tokens(
    title: str, description: str, categories: Iterable[str], tags: Iterable[str], features: Mapping[str, Any]
) -> Tokens:
    """Turn one item into tokens: "cPoetry", "glove", "ajane austen", "wemma", "#year:1810".

    A number gives two tokens, rounded to two and to three digits, so that what lies near shares one. Features that are
    texts count as labels, but for the creator, which has a kind of its own. Anything deeper is left out.
    """
    found = [CATEGORY + name.casefold() for name in categories] + [TAG + name.casefold() for name in tags]
    found += [WORD + word for word in _words(title)] + [WORD + word for word in _words(description[:LONGEST_TEXT])]
    for name, value in features.items():
        if isinstance(value, bool) or value is None:
            found += [f"{TAG}{name}"] if value else []
        elif isinstance(value, int | float):
            found += [f"{NUMBER}{name}:{_rounded(value, digits):g}" for digits in (2, 3) if _is_usual(value)]
        elif isinstance(value, str) and value:
            kind = CREATOR if name == "creator" else TAG
            found += [kind + part.strip().casefold() for part in re.split(r"[;|]", value[:500]) if part.strip()]
    return tuple(found)


SEGMENT_VALUES = 60
"""Characters of a demographic, or of each part of a place, that tell segments apart."""

PLACE_PARTS = 3
"""Parts of a place that tell segments apart: country, region and city."""

NO_PLACE = frozenset({"", "n/a", "null", "none", "unknown"})


def segments(demographics: Mapping[str, Any]) -> Tokens:
    """Return the segments of a user, for each demographic: "age:30-39", "gender:f".

    Numbers go by tens. A place written from the small to the large lies in several segments, the smallest first:
    "location:seattle, washington, usa", "location:washington, usa", "location:usa".
    """
    found = []
    for name, value in sorted(demographics.items()):
        if isinstance(value, bool) or value is None:
            found += [f"{name}:{str(value).casefold()}"] if value is not None else []
        elif isinstance(value, int | float) and _is_usual(value):
            decade = int(value // 10) * 10
            found.append(f"{name}:{decade}-{decade + 9}")
        elif isinstance(value, str):
            found += [f"{name}:{place}" for place in _places(value)]
    return tuple(found)


def larger(segment: str) -> str:
    """Return the segment of the next larger place, "" where there is none."""
    name, _, place = segment.partition(":")
    _, comma, rest = place.partition(", ")
    return f"{name}:{rest}" if comma else ""


def _places(text: str) -> list[str]:
    """Return a place and the larger ones that it lies in, the smallest first; nothing where the last part is empty."""
    parts = [part.strip().casefold()[:SEGMENT_VALUES] for part in text.split(",")]
    if not parts[-1]:
        return []
    known = [part for part in parts if part not in NO_PLACE][-PLACE_PARTS:]
    return [", ".join(known[start:]) for start in range(len(known))]


def _words(text: str) -> list[str]:
    return [word for word in WORDS.findall(text.casefold()) if word not in STOP_WORDS]


def _is_usual(number: float) -> bool:
    """Return True where a float can hold the number: JSON has whole numbers of any length."""
    return abs(number) <= sys.float_info.max


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")
