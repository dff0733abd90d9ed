"""Type on a cover: words wrapped into balanced lines, as large as they fit."""

import re
from dataclasses import dataclass
from html import escape

SERIF = "Georgia, 'Times New Roman', 'DejaVu Serif', serif"
SANS = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
LEADING = 1.14

_NARROW, _WIDE = frozenset("iIljft.,:;'’!|()[]- "), frozenset("mwMWOQ@%&—")
LONG_WORD = 17
"""From here on a line may end after a hyphen of the word."""
# XML 1.0 allows no other characters; a title may hold any.
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Style:
    """Set type in one way. `tracking` is the space between letters, in em."""

    family: str
    weight: int
    sizes: tuple[float, ...]
    """Those to try, the largest first."""
    tracking: float = 0.0
    capitals: bool = False


TITLE_SERIF = Style(SERIF, 700, (31, 28, 25, 22, 20, 18, 16, 14, 12, 10.5))
TITLE_SANS = Style(SANS, 800, (29, 26, 23, 21, 19, 17, 15, 13, 11.5, 10), tracking=-0.01)
CREATOR = Style(SANS, 500, (9, 8, 7), tracking=0.09, capitals=True)


@dataclass(frozen=True)
class Fitted:
    """Lines of type at a size."""

    lines: tuple[str, ...]
    size: float

    @property
    def height(self) -> float:
        return len(self.lines) * self.size * LEADING


def clean(text: str) -> str:
    """Return the text on one line, without the characters that XML forbids."""
    return " ".join(_FORBIDDEN.sub(" ", text).split())


def advance(text: str, style: Style) -> float:
    """Return about how wide the text is, in em. Generous: fonts differ from machine to machine."""
    return sum(map(_width, text)) + style.tracking * len(text)


def _width(letter: str) -> float:
    if letter in _NARROW:
        return 0.39
    if letter in _WIDE or ord(letter) > 0x2E7F:
        return 1.02
    return 0.78 if letter.isupper() else 0.66


def fit(text: str, style: Style, width: float, height: float) -> Fitted:
    """Return the text at the largest size at which it fits; what does not fit at the smallest ends in an ellipsis."""
    words = _pieces(clean(text.upper() if style.capitals else text))
    if not words:
        return Fitted((), style.sizes[-1])
    for size in style.sizes:
        if max(advance(word, style) for word in words) * size > width:
            continue
        lines = _wrap(words, style, width / size)
        if len(lines) * size * LEADING <= height:
            return Fitted(_balance(words, lines, style, width / size), size)
    return _cut(words, style, width, height)


def _pieces(text: str) -> list[str]:
    """Return the pieces after which a line may end: words, and the parts of long words that have a hyphen."""
    parts = (re.findall(r"[^-]+-*|-+", word) if len(word) >= LONG_WORD else [word] for word in text.split())
    return [piece for pieces in parts for piece in pieces]


def _wrap(words: list[str], style: Style, width: float) -> tuple[str, ...]:
    lines: list[str] = []
    for word in words:
        longer = _joined(lines[-1], word) if lines else word
        if lines and advance(longer, style) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return tuple(lines)


def _joined(line: str, word: str) -> str:
    last = line.rsplit(" ", 1)[-1]
    return line + word if last.endswith("-") and last != "-" else f"{line} {word}"


def _balance(words: list[str], lines: tuple[str, ...], style: Style, width: float) -> tuple[str, ...]:
    """Return the same number of lines, of lengths as even as they get."""
    while True:
        width *= 0.95
        narrower = _wrap(words, style, width)
        if len(narrower) != len(lines) or max(advance(line, style) for line in narrower) > width:
            return lines
        lines = narrower


def _cut(words: list[str], style: Style, width: float, height: float) -> Fitted:
    """Return as much as there is room for at the smallest size; words too long for a line are broken."""
    size = style.sizes[-1]
    longest = max(1, int(width / size))
    pieces = [word[start : start + longest] for word in words for start in range(0, len(word), longest)]
    lines = _wrap(pieces, style, width / size)
    room = max(1, int(height / (size * LEADING)))
    if len(lines) > room:
        lines = (*lines[: room - 1], lines[room - 1][: longest - 1].rstrip() + "…")
    return Fitted(lines, size)


def draw(fitted: Fitted, style: Style, x: float, top: float, colour: str, anchor: str = "start") -> str:
    """Return the lines as an SVG text whose first line hangs from `top`."""
    step = fitted.size * LEADING
    spans = "".join(
        f'<tspan x="{x:g}" y="{top + fitted.size * 0.92 + number * step:.1f}">{escape(line)}</tspan>'
        for number, line in enumerate(fitted.lines)
    )
    return (
        f'<text font-family="{style.family}" font-size="{fitted.size:g}" font-weight="{style.weight}" '
        f'letter-spacing="{style.tracking * fitted.size:.2f}" fill="{colour}" text-anchor="{anchor}">{spans}</text>'
    )
