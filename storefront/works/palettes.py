"""Choose the colours of covers: a palette for each category, worn light, dark or bold."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True)
class Palette:
    paper: str
    ink: str
    accents: tuple[str, str, str]


PALETTES = {
    "Children": Palette("#fff5dc", "#21323d", ("#ee5a52", "#ffbf3f", "#2482a8")),
    "Classics": Palette("#f4ead6", "#2b2119", ("#8f2f2a", "#c9994a", "#3b5f54")),
    "Crime": Palette("#f3eee6", "#17191e", ("#c4122f", "#e8b34b", "#5d6973")),
    "Fantasy": Palette("#f2ecf6", "#251a3a", ("#6c3f9f", "#dba93a", "#2f8f85")),
    "Graphic Novels": Palette("#fdf8ea", "#14213d", ("#e63a33", "#fba51c", "#1aa7a4")),
    "Historical Fiction": Palette("#f5ecde", "#292a35", ("#a5552c", "#d8a95c", "#41638a")),
    "History": Palette("#f2ede2", "#25302a", ("#5d7b4a", "#cc8f3e", "#8c3c2f")),
    "Horror": Palette("#eee7e1", "#1b1114", ("#82132b", "#d76a39", "#506256")),
    "Love Stories": Palette("#fcefec", "#43202f", ("#cf4558", "#f2a79d", "#66907f")),
    "Memoir": Palette("#f8f1e7", "#34271e", ("#b56248", "#e5b888", "#557978")),
    "Modern Fiction": Palette("#f7f2eb", "#1f2a35", ("#e2552c", "#f2b337", "#2c85aa")),
    "Philosophy": Palette("#f1f0f5", "#22233d", ("#5a5da0", "#dca468", "#8d8aa6")),
    "Plays": Palette("#f7eeec", "#2e1223", ("#9c1c3b", "#e2a75b", "#4e5180")),
    "Poetry": Palette("#eff4f1", "#1e3139", ("#3d7c8c", "#eaab80", "#8bb09b")),
    "Science": Palette("#ecf5f5", "#0f2b39", ("#047a8d", "#eeb04b", "#d24a5c")),
    "Science Fiction": Palette("#ebf1f7", "#111a30", ("#4d5ad4", "#e3568c", "#54c1c8")),
    "Society": Palette("#f4f2ed", "#1c2734", ("#d97f28", "#2e6792", "#7fa5cf")),
}


READABLE = 4.5
"""The contrast that small text needs (WCAG 2.2, 1.4.3)."""


@dataclass(frozen=True)
class Scheme:
    """Hold a palette as it is worn: `text` is readable on `ground`, and `deep` is the darkest tone of all."""

    ground: str
    text: str
    accents: tuple[str, str, str]
    deep: str
    pale: str


def palette_for(category: str) -> Palette:
    """Return the category's own palette; for a category that has none, always the same one."""
    if category in PALETTES:
        return PALETTES[category]
    names = sorted(PALETTES)
    return PALETTES[names[blake2b(category.encode("utf-8", "replace")).digest()[0] % len(names)]]


def schemes(palette: Palette) -> Iterator[Scheme]:
    """Yield the ways to wear a palette: light, dark, and bold in two colours."""
    first, second, third = palette.accents
    yield Scheme(palette.paper, palette.ink, palette.accents, palette.ink, palette.paper)
    yield Scheme(palette.ink, palette.paper, palette.accents, palette.ink, palette.paper)
    for ground, other in ((first, third), (third, first)):
        text, away = sorted((palette.paper, palette.ink), key=lambda colour: -contrast(colour, ground))
        while contrast(ground, text) < READABLE:
            ground = mix(ground, away, 0.04)
        yield Scheme(ground, text, (second, palette.paper, other), palette.ink, palette.paper)


def mix(one: str, other: str, share: float) -> str:
    """Return a colour between two: `share` 0 is the one, 1 the other."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
