"""Design covers, 200 wide and 300 high, each leaving room for the lettering."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, exp, pi, sin
from random import Random

from storefront.works.palettes import Scheme, mix

WIDTH, HEIGHT = 200, 300


@dataclass(frozen=True)
class Room:
    """Reserve the room for title and creator, and their colours."""

    x: float
    top: float
    width: float
    height: float
    title: str
    creator: str
    creator_top: float | None = None
    """None: right below the title."""
    centred: bool = False
    serif: bool = True


Drawn = tuple[str, Room]


def hills(dice: Random, scheme: Scheme) -> Drawn:
    """Draw a sun over ranges of hills, the nearest the darkest."""
    x, y, radius = dice.uniform(45, 155), dice.uniform(144, 162), dice.uniform(20, 29)
    art = [_circle(x, y, radius, scheme.accents[1])]
    far = mix(scheme.accents[0], scheme.accents[2], dice.uniform(0, 0.7))
    for layer in range(5):
        base, swing, phase = 160 + 30 * layer, dice.uniform(7, 16), dice.uniform(0, 2 * pi)
        points = (
            f"{px} {base + swing * sin(phase + px / 38) + swing / 2.5 * sin(2 * phase + px / 17):.1f}"
            for px in range(0, WIDTH + 1, 8)
        )
        colour = mix(mix(far, scheme.ground, 0.35), scheme.deep, layer / 4)
        art.append(f'<path d="M0 {HEIGHT}L{"L".join(points)}L{WIDTH} {HEIGHT}z" fill="{colour}"/>')
    return "".join(art), Room(18, 20, 164, 92, scheme.text, scheme.pale, creator_top=271)


def tiles(dice: Random, scheme: Scheme) -> Drawn:
    """Draw a grid of quarter circles, half circles, triangles and discs."""
    art = []
    for row in range(4):
        for column in range(4):
            ground, figure = dice.sample([*scheme.accents, scheme.text, scheme.ground], 2)
            art.append(
                f'<g transform="translate({column * 50} {100 + row * 50})"><path d="M0 0h50v50H0z" fill="{ground}"/>'
                f'<g transform="rotate({dice.randrange(4) * 90} 25 25)" fill="{figure}">{dice.choice(_TILES)}</g></g>'
            )
    return "".join(art), Room(16, 14, 168, 56, scheme.text, scheme.text, serif=False)


_TILES = (
    '<path d="M0 0h50a50 50 0 0 1-50 50z"/>',
    '<path d="M0 0h50a50 50 0 0 1-50 50z"/>',
    '<path d="M0 0h50L0 50z"/>',
    '<path d="M0 0a25 25 0 0 0 50 0z"/>',
    '<circle cx="25" cy="25" r="17"/>',
    '<path d="M0 0h50a25 25 0 0 1-50 0zM0 50a25 25 0 0 1 50 0z"/>',
    '<path d="M0 8h50v9H0zM0 33h50v9H0z"/>',
)


def orbits(dice: Random, scheme: Scheme) -> Drawn:
    """Draw planets on their rings around a sun."""
    x, y = dice.uniform(70, 130), 214
    line = mix(scheme.ground, scheme.text, 0.45)
    art = [_circle(dice.uniform(4, 196), dice.uniform(4, 296), dice.uniform(0.4, 0.9), line) for _ in range(40)]
    art.append(_circle(x, y, dice.uniform(13, 18), scheme.accents[1]))
    turn = dice.uniform(0, 2 * pi)
    for ring in range(4):
        radius = 32 + ring * 20 + dice.uniform(-3, 3)
        turn += dice.uniform(1.2, 2.6)
        art.append(f'<circle cx="{x:.1f}" cy="{y}" r="{radius:.1f}" fill="none" stroke="{line}" stroke-width=".8"/>')
        planet = x + radius * cos(turn), y + radius * sin(turn), dice.uniform(4, 9)
        art.append(_circle(*planet, scheme.accents[(ring + 2) % 3]))
    return "".join(art), Room(18, 20, 164, 70, scheme.text, scheme.text, serif=False)


def rays(dice: Random, scheme: Scheme) -> Drawn:
    """Draw a burst of rays behind a label."""
    amount, turn = dice.choice((14, 18, 22)), dice.uniform(0, pi)
    colours = (scheme.accents[0], mix(scheme.accents[0], scheme.ground, 0.3))
    art = [f'<path d="M0 0h200v300H0z" fill="{colours[1]}"/>']
    for ray in range(amount):
        begin, end = (turn + (2 * ray + side) * pi / amount for side in (0, 1))
        art.append(
            f'<path d="M100 150L{100 + 260 * cos(begin):.1f} {150 + 260 * sin(begin):.1f}'
            f'L{100 + 260 * cos(end):.1f} {150 + 260 * sin(end):.1f}z" fill="{colours[0]}"/>'
        )
    art.append(f'<rect x="22" y="74" width="156" height="152" fill="{scheme.pale}"/>')
    art.append(f'<rect x="27" y="79" width="146" height="142" fill="none" stroke="{scheme.deep}" stroke-width=".9"/>')
    return "".join(art), Room(100, 90, 130, 96, scheme.deep, scheme.deep, creator_top=193, centred=True)


def frame(dice: Random, scheme: Scheme) -> Drawn:
    """Draw a double frame and a rosette: a cover of type, as of old."""
    petals, length = dice.choice((6, 8, 10, 12)), dice.uniform(26, 32)
    art = [
        f'<rect x="12" y="12" width="176" height="276" fill="none" stroke="{scheme.accents[1]}" stroke-width="2.4"/>',
        f'<rect x="17" y="17" width="166" height="266" fill="none" stroke="{scheme.accents[1]}" stroke-width=".8"/>',
    ]
    for petal in range(petals * 2):
        outer, colour = (1.0, scheme.accents[0]) if petal % 2 == 0 else (0.66, scheme.accents[2])
        reach = length * outer
        art.append(
            f'<path d="M0 0C{reach * 0.3:.1f} {-reach * 0.4:.1f} {reach * 0.22:.1f} {-reach * 0.8:.1f} 0 {-reach:.1f}'
            f'C{-reach * 0.22:.1f} {-reach * 0.8:.1f} {-reach * 0.3:.1f} {-reach * 0.4:.1f} 0 0z" fill="{colour}" '
            f'transform="translate(100 66) rotate({petal * 180 / petals:.1f})"/>'
        )
    art.append(_circle(100, 66, 4.5, scheme.accents[1]))
    art.append(f'<path d="M78 232h44" stroke="{scheme.accents[1]}" stroke-width="1.2"/>')
    return "".join(art), Room(100, 112, 144, 108, scheme.text, scheme.text, creator_top=245, centred=True)


def ridges(dice: Random, scheme: Scheme) -> Drawn:
    """Draw lines that rise into peaks, one in front of the other."""
    peaks = [(dice.uniform(50, 150), dice.uniform(14, 26), dice.uniform(14, 24)) for _ in range(3)]
    art = []
    for line in range(16):
        y, stir, tide = 168 + line * 7.6, dice.uniform(0, 2 * pi), dice.uniform(0.55, 1)
        points = []
        for x in range(0, WIDTH + 1, 4):
            rise = sum(tall * exp(-(((x - middle) / broad) ** 2)) for middle, broad, tall in peaks)
            rough = 1 + 0.28 * sin(x * 0.21 + stir) + 0.18 * sin(x * 0.47 + 2 * stir)
            points.append(f"{x} {y - tide * rise * rough:.1f}")
        colour = mix(scheme.accents[0], scheme.accents[1], line / 15)
        art.append(
            f'<path d="M-2 302V{y:.1f}L{"L".join(points)}L202 {y:.1f}V302" fill="{scheme.ground}" stroke="{colour}" '
            'stroke-width="1.6" stroke-linejoin="round"/>'
        )
    return "".join(art), Room(18, 20, 164, 70, scheme.text, scheme.text, serif=False)


def dots(dice: Random, scheme: Scheme) -> Drawn:
    """Draw a screen of dots that swell and shrink, as in print."""
    x, y = dice.uniform(20, 180), dice.uniform(170, 280)
    length = dice.uniform(70, 110)
    art = []
    for row in range(17):
        for column in range(17):
            px, py = column * 12.5 + (row % 2) * 6.25, 122 + row * 11
            near = (1 + cos(2 * pi * ((px - x) ** 2 + (py - y) ** 2) ** 0.5 / length)) / 2
            colour = scheme.accents[0] if near > 0.5 else scheme.accents[1]
            art.append(_circle(px, py, 1 + 4.6 * near, colour))
    return "".join(art), Room(18, 20, 164, 66, scheme.text, scheme.text, serif=False)


def arcs(dice: Random, scheme: Scheme) -> Drawn:
    """Draw broad arcs around a corner."""
    x = dice.choice((0, WIDTH))
    colours = [*scheme.accents, mix(scheme.accents[0], scheme.deep, 0.5)]
    dice.shuffle(colours)
    art = []
    for ring in range(6):
        colour = colours[ring % 4] if ring % 3 else mix(colours[ring % 4], scheme.pale, 0.25)
        art.append(_circle(x, HEIGHT, 182 - ring * 31, colour))
    return "".join(art), Room(18, 18, 164, 70, scheme.text, scheme.text, serif=False)


def scallops(dice: Random, scheme: Scheme) -> Drawn:
    """Draw overlapping waves of rings, row upon row."""
    radius = dice.choice((25, 33.3, 50))
    colours = list(scheme.accents)
    dice.shuffle(colours)
    rings = tuple(enumerate((scheme.ground, colours[0], scheme.ground, colours[1], colours[2])))
    art = []
    for row in range(int(360 / radius) + 3):
        y = 132 + radius + row * radius / 2
        for ring, colour in rings:
            r = radius * (1 - ring * 0.2)
            starts = range(-1, int(WIDTH / (2 * radius)) + 2)
            middles = (place * 2 * radius + (row % 2) * radius for place in starts)
            halves = "".join(f"M{x - r:.1f} {y:.1f}a{r:.1f} {r:.1f} 0 0 1 {2 * r:.1f} 0" for x in middles)
            art.append(f'<path d="{halves}" fill="{colour}"/>')
    return "".join(art), Room(18, 20, 164, 74, scheme.text, scheme.text)


def _circle(x: float, y: float, radius: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}"/>'


DESIGNS: tuple[Callable[[Random, Scheme], Drawn], ...] = (
    hills, tiles, orbits, rays, frame, ridges, dots, arcs, scallops,
)  # fmt: skip
