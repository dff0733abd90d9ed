"""One rule for ids at every door: blanks never make two users of one, and no id breaks a page."""

import re
import unicodedata
from typing import Any

import pytest
from django.urls import get_resolver

from catalog.ids import (
    BLANKS,
    EMPTY_WORDS,
    FORMATS,
    JOINERS,
    MAX_ID_LENGTH,
    NEW_PATTERN,
    PATTERN,
    ROUTE_ENDS,
    ROUTE_WORDS,
    InvalidId,
    clean_id,
    is_reserved,
)
from catalog.importers.fields import identifier
from catalog.importers.rows import BadField


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("ada", "ada"),
        ("Ada Lovelace/1", "Ada Lovelace/1"),
        ("  ada ", "ada"),
        ("\u00a0ada\u3000", "ada"),
        ("\ufeffada\u200b", "ada"),
        ("ada\r\n", "ada"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
        ("\u0645\u06cc\u200c\u0631\u0648\u0645", "\u0645\u06cc\u200c\u0631\u0648\u0645"),
        ("\u0d05\u0d35\u0d28\u0d4d\u200d", "\u0d05\u0d35\u0d28\u0d4d\u200d"),
        ("NAN", "NAN"),
        ("x" * MAX_ID_LENGTH, "x" * MAX_ID_LENGTH),
    ],
)
def test_an_id_has_one_form(text: str, cleaned: str) -> None:
    assert clean_id(text) == cleaned == clean_id(cleaned)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \u3000\t", "is empty"),
        ("a\nb", "holds a line break (U+000A)"),
        ("a\rb", "holds a line break (U+000D)"),
        ("a\u2028b", "holds a line break (U+2028)"),
        ("a\x00b", "holds a NUL character"),
        ("\x00ada", "holds a NUL character"),
        ("a\tb", "holds a control character (U+0009)"),
        ("a\x9bb", "holds a control character (U+009B)"),
        ("a\u202eb", "holds an invisible format character (U+202E)"),
        ("\u2066ada\u2069", "holds an invisible format character (U+2066)"),
        ("a\u200bda", "holds an invisible format character (U+200B)"),
        ("ada\U000e0041", "holds an invisible format character (U+E0041)"),
        ("ad\u200da", "holds an invisible format character (U+200D)"),
        ("\u200cada", "holds an invisible format character (U+200C)"),
        ("\u0645\u200c\u200c\u0645", "holds an invisible format character (U+200C)"),
        ("a\ud83d", "holds bytes that are no text in its encoding"),
        ("x" * 256, "is longer than 255 characters"),
        ("\u0958" * 200, "is longer than 255 characters in Unicode's form NFC"),
    ],
)
def test_what_is_no_id_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidId) as error:
        clean_id(text)
    assert str(error.value) == reason


@pytest.mark.parametrize("word", sorted(EMPTY_WORDS))
def test_words_for_a_missing_value_are_no_ids(word: str) -> None:
    with pytest.raises(InvalidId, match="stands for a missing value"):
        clean_id(f" {word} ")


def test_a_long_text_of_marks_costs_nothing() -> None:
    with pytest.raises(InvalidId):
        clean_id("a" + "\u0301\u0316" * 5_000_000)


def test_blanks_are_what_python_strips_and_two_more() -> None:
    stripped = {chr(code) for code in range(0x110000) if chr(code).isspace()}
    assert {chr(code) for code in range(0x110000) if re.match(f"[{BLANKS}]", chr(code))} == stripped | set(
        "\u200b\ufeff"
    )


def test_format_characters_are_those_of_unicode() -> None:
    known = {code for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    assert {code for code in range(0x110000) if re.match(f"[{FORMATS}{JOINERS}]", chr(code))} == known


@pytest.mark.parametrize("text", ["ada", " ada\n", "a b", "é", "\u0645\u200c\u0631", "\u0d4d\u200d ", "\ufeffada"])
def test_the_pattern_of_the_schema_takes_ids(text: str) -> None:
    assert re.search(PATTERN, text)


@pytest.mark.parametrize(
    "text", ["", "  ", "a\nb", "a\x00", "\x07a", "a\u2028b", "a\u202eb", "a\u200db", "\u200da", "a\u200bb"]
)
def test_the_pattern_of_the_schema_refuses_what_is_none(text: str) -> None:
    assert not re.search(PATTERN, text)


def test_the_reserved_ids_are_the_addresses_of_the_api() -> None:
    """What stands in an address after an id, and what stands where an id may."""
    prefixes: list[Any] = [one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/"]
    routes = [str(route.pattern) for prefix in prefixes for route in prefix.url_patterns]
    ends = {f"/{route.partition('>/')[2]}" for route in routes if "<anytext:" in route and "_id>/" in route}
    words = {word for route in routes for kind, _, word in [route.partition("/")] if kind in ("items", "users")}
    assert ends <= set(ROUTE_ENDS)
    assert {word for word in words if word and "<" not in word} <= ROUTE_WORDS


@pytest.mark.parametrize("text", ["search", " bulk ", "a/similar", "a/b/opt-out"])
def test_no_file_makes_an_id_that_is_an_address_of_ours(text: str) -> None:
    with pytest.raises(BadField, match=r"as an address of the API does: choose another one$"):
        identifier(text, "item_id")
    assert is_reserved(clean_id(text))


@pytest.mark.parametrize("text", [".", "..", "a/../b", "./a", "a/."])
def test_no_new_id_has_a_part_of_dots_alone(text: str) -> None:
    with pytest.raises(BadField, match="clients take out of an address"):
        identifier(text, "item_id")
    assert not re.match(NEW_PATTERN, text)


@pytest.mark.parametrize(
    "text", ["a.b", "...", "a/.../b", "a..", ".hidden/x", "Search", "similar", "a/similar/b", "x-bulk", "/searches"]
)
def test_what_only_looks_like_an_address_is_an_id(text: str) -> None:
    assert identifier(text, "item_id") == text
