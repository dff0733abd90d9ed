"""Any item of any catalogue gets a cover that is well-formed, readable and always the same."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.works.covers import cover_svg
from storefront.works.designs import DESIGNS, HEIGHT, WIDTH, Drawn
from storefront.works.lettering import CREATOR, TITLE_SANS, TITLE_SERIF, Style, advance, fit
from storefront.works.palettes import PALETTES, Scheme, contrast, palette_for, schemes
from storefront.works.works import CATEGORIES, read_works

SVG = "{http://www.w3.org/2000/svg}"
LONG = "The Interesting Narrative of the Life of Olaudah Equiano, or Gustavus Vassa, the African, Written by Himself"
MANY = 60
"""Ids enough to see every design."""


def drawn(
    title: str = "Emma", creator: str = "Jane Austen", category: str = "Classics", item_id: str = "emma"
) -> ElementTree.Element:
    return ElementTree.fromstring(cover_svg(title, creator, category, item_id))


def texts(title: str, creator: str, item_id: str) -> list[str]:
    """The lettering, one text for each <text>, its lines joined."""
    found = drawn(title, creator, item_id=item_id).iter(f"{SVG}text")
    return [" ".join(span.text or "" for span in text) for text in found]


def test_a_cover_is_two_by_three_and_names_itself() -> None:
    svg = drawn()
    assert svg.get("viewBox") == "0 0 200 300"
    assert svg.findtext(f"{SVG}title") == "Emma, Jane Austen"


def test_the_same_item_always_gets_the_same_cover() -> None:
    assert cover_svg("Emma", "Jane Austen", "Classics", "1") == cover_svg("Emma", "Jane Austen", "Classics", "1")


def test_two_items_differ_in_more_than_their_title() -> None:
    covers = {cover_svg("Emma", "Jane Austen", "Classics", str(number)) for number in range(MANY)}
    assert len(covers) > 0.9 * MANY


def test_the_category_decides_the_colours() -> None:
    assert set(PALETTES) == set(CATEGORIES)
    assert cover_svg("Emma", "", "Crime", "1") != cover_svg("Emma", "", "Poetry", "1")


def test_a_category_of_another_catalogue_gets_colours_of_its_own_too() -> None:
    assert palette_for("Headphones") is palette_for("Headphones")
    assert len({palette_for(f"Category {number}").paper for number in range(MANY)}) > 5
    assert palette_for("") in PALETTES.values()


@pytest.mark.parametrize("category", CATEGORIES)
def test_lettering_has_enough_contrast_for_small_type(category: str) -> None:
    for scheme in schemes(PALETTES[category]):
        assert contrast(scheme.ground, scheme.text) >= 4.5
        assert contrast(scheme.deep, scheme.pale) >= 4.5


def test_title_and_creator_stand_on_every_design() -> None:
    for number in range(MANY):
        assert texts("Emma", "Jane Austen", str(number)) == ["Emma", "JANE AUSTEN"]


def test_an_item_without_a_creator_shows_its_title_alone() -> None:
    assert texts("Headphones", "", "1") == ["Headphones"]
    assert drawn("Headphones", "").findtext(f"{SVG}title") == "Headphones"


def test_markup_in_a_title_is_text() -> None:
    svg = drawn("</text><script>alert(1)</script>&amp;", 'A "quoted" <b>name</b>')
    assert svg.find(f".//{SVG}script") is None
    assert "<script>" in (svg.findtext(f"{SVG}title") or "")


@given(st.text(max_size=80), st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_any_text_gives_well_formed_xml(title: str, creator: str, category: str, item_id: str) -> None:
    drawn(title, creator, category, item_id)


@pytest.mark.parametrize(
    "title", ["\ud800", "\x00\x0b", "日本語の長い題名" * 20, "x" * 500, "- - --", "-" * 40, "؟كتاب"]
)
def test_odd_titles_are_drawn_too(title: str) -> None:
    for number in range(MANY):
        drawn(title, title, item_id=str(number))


@pytest.mark.parametrize("title", [LONG, "x" * 500, "W " * 200])
def test_a_long_title_stays_on_the_cover(title: str) -> None:
    for number in range(MANY):
        lines = [float(span.get("y") or 0) for span in drawn(title, LONG, item_id=str(number)).iter(f"{SVG}tspan")]
        assert min(lines) > 0
        assert max(lines) < HEIGHT - 4


@pytest.mark.parametrize("style", [TITLE_SERIF, TITLE_SANS, CREATOR])
@pytest.mark.parametrize("text", [LONG, "Emma", "x" * 60, "Slaughterhouse-Five", "A Tale of Two Cities"])
def test_lines_fit_their_room(style: Style, text: str) -> None:
    fitted = fit(text, style, 164, 60)
    assert fitted.height <= 60
    assert max(advance(line, style) for line in fitted.lines) * fitted.size <= 164


def test_a_short_title_is_set_larger_than_a_long_one() -> None:
    sizes = [fit(text, TITLE_SERIF, 164, 70).size for text in ("Emma", "The Brothers Karamazov", LONG)]
    assert all(longer < shorter for shorter, longer in pairwise(sizes))


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert fit("word " * 200, TITLE_SERIF, 164, 70).lines[-1].endswith("…")


def test_a_long_word_breaks_at_its_hyphen_and_a_short_one_does_not() -> None:
    assert fit("Slaughterhouse-Five", TITLE_SERIF, 164, 70).lines == ("Slaughterhouse-", "Five")
    assert fit("Winnie-the-Pooh", TITLE_SERIF, 164, 70).lines == ("Winnie-the-Pooh",)


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_leaves_room_for_the_lettering(design: Callable[[Random, Scheme], Drawn]) -> None:
    for seed in range(5):
        for scheme in schemes(PALETTES["Classics"]):
            _, room = design(Random(seed), scheme)
            left = room.x - room.width / 2 if room.centred else room.x
            assert left >= 12
            assert left + room.width <= WIDTH - 12
            assert room.top + room.height < HEIGHT - 40


def test_every_work_of_the_demo_has_a_cover_of_a_few_kilobytes() -> None:
    sizes = [len(cover_svg(work.title, work.creator, work.categories[0], work.id)) for work in read_works()]
    assert max(sizes) < 24_000
