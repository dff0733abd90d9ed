"""The same value is right or wrong at every door, and the schema says which."""

import json
from typing import Any

import jsonschema
import pytest

from recsite.platform.values import (
    Boolean,
    Choice,
    Integer,
    Many,
    Number,
    Text,
    ValueType,
    WrongValue,
    unknown_names,
)

TYPES: list[ValueType] = [Integer(1, 100), Number(0, 1), Number(), Boolean(), Text(5), Choice(("a", "b")), Choice((1,))]
VALUES: list[Any] = [1, 0, 100, 101, -1, 0.5, 5.0, True, None, "", "a", "1", "0.5", "abcdef", "a\x00", [], ["a"], {}]


def refusal(read: Any, value: Any) -> str:
    try:
        read(value)
    except WrongValue as wrong:
        return str(wrong)
    return ""


@pytest.mark.parametrize("value_type", TYPES, ids=repr)
@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_json_is_accepted_if_and_only_if_the_schema_says_so(value_type: ValueType, value: Any) -> None:
    for type_, given in ((value_type, value), (Many(value_type, 2, 1), [value]), (Many(value_type, 2, 1), value)):
        is_valid = not list(jsonschema.Draft202012Validator(type_.schema()).iter_errors(given))
        assert (refusal(type_.from_json, given) == "") == is_valid


@pytest.mark.parametrize(
    ("value_type", "text", "value"),
    [
        (Integer(1, 100), "5", 5),
        (Integer(1, 100), "1e1", None),
        (Integer(1, 100), "٣", None),
        (Integer(1, 100), "9" * 5000, None),
        (Number(), "-3.5e2", -350.0),
        (Number(), "1_0", None),
        (Number(), " 1", None),
        (Number(), "1e999", None),
        (Number(), "nan", None),
        (Boolean(), "true", True),
        (Boolean(), "yes", None),
        (Text(), "a", "a"),
        (Choice(("a", "b")), "c", None),
    ],
)
def test_a_text_of_a_query_string_says_one_value_or_is_refused(value_type: ValueType, text: str, value: Any) -> None:
    assert (refusal(value_type.from_text, text) == "") == (value is not None)
    assert value is None or value_type.from_text(text) == value


def test_json_is_never_converted() -> None:
    assert refusal(Integer(1, 100).from_json, "5").startswith("A whole number from 1 to 100 is needed.")
    assert refusal(Boolean().from_json, "true").startswith("Either true or false is needed.")
    assert refusal(Text().from_json, 5).startswith("A text that is not empty is needed.")


@pytest.mark.parametrize(
    ("value_type", "value", "end"),
    [
        (Integer(1, 100), "5", " This is a text: leave out the quotes."),
        (Integer(1, 100), None, " This is null."),
        (Number(), "5", " This is a text: leave out the quotes."),
        (Number(), True, " This is true or false."),
        (Boolean(), "true", " This is a text: leave out the quotes."),
        (Boolean(), 1, " This is a number."),
        (Text(), 5, " This is a number: put it in quotes."),
        (Text(), ["a"], " This is a list."),
        (Text(), {"a": 1}, " This is an object."),
        (Text(), "a\x00", "The character NUL (U+0000) can't be stored or looked for: leave it out."),
        (Text(3), "four", "At most 3 characters are possible; these are 4."),
        (Many(Text(), 2), "a", " This is a text: put it in brackets."),
        (Number(0, 1e9), -1, "A number from 0 to 1,000,000,000 is needed."),
    ],
)
def test_a_refusal_says_what_came_and_what_to_do(value_type: ValueType, value: Any, end: str) -> None:
    assert refusal(value_type.from_json, value).endswith(end)


def test_only_lists_may_be_repeated() -> None:
    assert Many(Text(), 2).from_query(["a", "b"]) == ("a", "b")
    assert refusal(Many(Text(), 2).from_query, ["a", "b", "c"]) == "At most 2 values are possible."
    assert refusal(Text().from_query, ["a", "b"]) == "It is given more than once."


def test_a_list_that_is_too_long_is_refused_before_any_value_is_read() -> None:
    class Untouched(Text):
        def from_json(self, value: Any) -> str:
            raise AssertionError("It was read.")

    assert refusal(Many(Untouched(), 100).from_json, [[]] * 30_000) == "At most 100 values are possible."


def test_the_first_wrong_value_of_a_list_is_named() -> None:
    wrong = refusal(Many(Text(), 9).from_json, ["a", [], None])
    assert wrong == "Value 2: A text that is not empty is needed. This is a list."


def test_an_answer_about_unknown_names_stays_small() -> None:
    told = unknown_names([f"{'x' * 5_000}{number}" for number in range(9)] + [str(n) for n in range(5_000)], str.upper)
    assert len(told) == 11
    assert told["more"] == "4,999 more names are unknown."
    assert all(len(name) <= 100 for name in told)
