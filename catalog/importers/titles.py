"""Turn titles as library catalogues sort them into titles as people say them."""

import re

_YEAR = re.compile(r"\s*\((\d{4})(?:[-–]\d{0,4})?\)\s*$")
_ARTICLES = "The An? Les? La Las L' El Los Il Lo I Gli Der Die Das Den Det De Het Een O Os Une? Una".replace(" ", "|")
_SORTED = re.compile(rf"(a\.k\.a\. )?([^()]+?), ({_ARTICLES})(?=\s*(?:[()]|$))")


def split_year(text: str) -> tuple[str, int | None]:
    """Return the title and the year that stands in brackets after it: "Jumanji (1995)" -> ("Jumanji", 1995)."""
    match = _YEAR.search(text)
    return (text[: match.start()].strip(), int(match[1])) if match else (text.strip(), None)


def spoken(title: str) -> str:
    """Return the title with its article in front: "Matrix, The" -> "The Matrix"; other titles in brackets likewise."""
    return _SORTED.sub(_article_first, title)


def _article_first(match: re.Match[str]) -> str:
    prefix, rest, article = match[1] or "", match[2], match[3]
    return f"{prefix}{article}{'' if article.endswith(chr(39)) else ' '}{rest}"
