"""Covers drawn for any item of any catalogue, as an SVG. Nothing is fetched; an item always looks the same."""

from hashlib import blake2b
from html import escape
from random import Random

from storefront.works.designs import DESIGNS, HEIGHT, WIDTH, Room
from storefront.works.lettering import CREATOR, TITLE_SANS, TITLE_SERIF, Fitted, clean, draw, fit
from storefront.works.palettes import palette_for, schemes

CREATOR_HEIGHT = 22
GAP = 9
"""Between the title and the creator below it."""


def cover_svg(title: str, creator: str, category: str, item_id: str) -> str:
    """Draw a cover of 200 by 300 units. The category chooses the colours, the id the design; `creator` may be empty."""
    dice = Random(blake2b(item_id.encode("utf-8", "replace")).digest())
    scheme = dice.choice(list(schemes(palette_for(category))))
    art, room = dice.choice(DESIGNS)(dice, scheme)
    name = clean(f"{title}, {creator}" if creator else title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>{escape(name)}</title>"
        f'<path d="M0 0h{WIDTH}v{HEIGHT}H0z" fill="{scheme.ground}"/>{art}{_letter(title, creator, room)}{_SPINE}</svg>'
    )


_SPINE = (
    '<path d="M0 0h5v300H0z" fill="#000" opacity=".14"/><path d="M5 0h1.2v300H5z" fill="#fff" opacity=".16"/>'
    '<path d="M.25.25h199.5v299.5H.25z" fill="none" stroke="#000" stroke-opacity=".12" stroke-width=".5"/>'
)
"""The fold, and a thin edge that a white page needs around a pale cover."""


def _letter(title: str, creator: str, room: Room) -> str:
    style = TITLE_SERIF if room.serif else TITLE_SANS
    anchor = "middle" if room.centred else "start"
    heading = fit(title, style, room.width, room.height)
    lettering = draw(heading, style, room.x, _top(heading, room), room.title, anchor)
    if not creator.strip():
        return lettering
    name = fit(creator, CREATOR, room.width, CREATOR_HEIGHT)
    below = room.creator_top or room.top + heading.height + GAP
    return lettering + draw(name, CREATOR, room.x, below, room.creator, anchor)


def _top(heading: Fitted, room: Room) -> float:
    """Return the top of a title: in the middle of its room if it is centred, else at the top."""
    return room.top + (room.height - heading.height) / 2 if room.centred else room.top
