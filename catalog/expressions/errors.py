"""Say where an expression is wrong, what was found there, and what is known there."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_SHOWN = 40
"""Characters of what was found that a sentence repeats."""


class ExpressionError(ValueError):
    """Refuse an expression. Its text is a sentence that begins with the position."""

    def __init__(self, position: int, sentence: str, known: Iterable[str] = ()) -> None:
        """Take the position of the character, from 1 on, and what may stand there."""
        self.position, self.sentence, self.known = position, sentence, tuple(known)
        super().__init__(f"At character {position}: {sentence}")


def shown(found: str) -> str:
    """Return what was found as a sentence may repeat it."""
    return found if len(found) <= MOST_SHOWN else f"{found[:MOST_SHOWN]}..."


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return a question that names the nearest known word, with a blank before it; empty where none is near."""
    folded = {word.casefold(): word for word in known}
    near = get_close_matches(found.casefold(), folded, 1, 0.7)
    return f" Did you mean {folded[near[0]]}?" if near else ""


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: a, b or c."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
