"""The demo catalogue holds facts about real works, each once, in words that recur."""

import json
import re
from collections import Counter
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from storefront.works.works import CATEGORIES, SHELVES, Work, read_works

WORKS = read_works()
NEWEST_YEAR = 2021


def emma(**facts: Any) -> Work:
    """Jane Austen's novel, with other facts where they are given."""
    return replace(next(work for work in WORKS if work.id == "emma-jane-austen"), **facts)


def test_there_are_enough_works_to_browse() -> None:
    assert len(WORKS) >= 480


def test_ids_are_unique_and_readable() -> None:
    assert len({work.id for work in WORKS}) == len(WORKS)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", work.id) and len(work.id) <= 255 for work in WORKS)


def test_no_work_stands_twice() -> None:
    twice = Counter((work.title.casefold(), work.creator.casefold()) for work in WORKS)
    assert [key for key, times in twice.items() if times > 1] == []


def test_every_work_has_one_to_three_known_categories() -> None:
    for work in WORKS:
        assert 1 <= len(set(work.categories)) == len(work.categories) <= 3, work.id
        assert set(work.categories) <= set(CATEGORIES), work.id


def test_every_shelf_is_well_filled() -> None:
    filled = Counter(chain.from_iterable(work.categories for work in WORKS))
    assert set(filled) == set(CATEGORIES)
    assert min(filled.values()) >= 25


def test_every_work_has_three_to_six_subjects_in_lower_case() -> None:
    for work in WORKS:
        assert 3 <= len(set(work.subjects)) == len(work.subjects) <= 6, work.id
        assert all(subject == subject.lower().strip() for subject in work.subjects), work.id


def test_subjects_recur_so_that_works_can_be_compared_by_them() -> None:
    shared = Counter(chain.from_iterable(work.subjects for work in WORKS))
    assert [subject for subject, works in shared.items() if works < 2] == []


def test_works_come_from_all_ages() -> None:
    years = [work.year for work in WORKS]
    assert min(years) < 0
    assert max(years) <= NEWEST_YEAR
    assert 0 not in years


def test_one_line_is_one_work_of_its_shelf() -> None:
    for path in SHELVES.glob("*.jsonl"):
        shelf = path.stem.replace("-", " ").title()
        for line in path.read_text("utf-8").splitlines():
            assert json.loads(line)["categories"][0] == shelf


def test_reading_gives_the_same_order_every_time() -> None:
    assert read_works.__wrapped__() == WORKS


def test_a_description_says_what_it_is_in_one_sentence() -> None:
    assert emma().description == (
        "Novel by Jane Austen, first published in 1815. Subjects: village life, marriage, humour, friendship."
    )


@pytest.mark.parametrize(
    ("year", "words"),
    [(-429, "written around 429 BC"), (8, "written around 8 AD"), (1449, "written around"), (1450, "first published")],
)
def test_a_work_older_than_the_press_was_written_not_published(year: int, words: str) -> None:
    assert words in emma(year=year).description


@pytest.mark.parametrize(
    ("form", "item_type"),
    [("novel", "book"), ("play", "play"), ("epic poem", "poetry"), ("comics", "graphic-novel"), ("essays", "book")],
)
def test_the_form_decides_the_type_of_item(form: str, item_type: str) -> None:
    assert emma(form=form).item_type == item_type


def test_creator_and_year_are_features() -> None:
    assert emma().features == {"creator": "Jane Austen", "year": 1815}
