"""The language of filters: what is refused says where, what was found there and what is known; all is bounded."""

import pytest

from catalog.expressions import USER, Context, ExpressionError, matches, parse
from catalog.expressions.parsing import LONGEST

REFUSED: list[tuple[str, int, str]] = [
    ("", 1, 'An expression is needed, such as category == "Poetry".'),
    ("pric < 5", 1, "There is no property pric. Did you mean price? Known: item_id, category, tags, "),
    ("is_new and kolour == 1", 12, "A feature is asked for as features.kolour. Known: "),
    (
        "feature.year == 1",
        1,
        "There is no property feature.year. Did you mean features.year? Known: item_id, ",
    ),
    ("categories == 'x'", 1, "Did you mean category?"),
    ("features.a.b == 1", 1, 'One name is needed after features, such as features.colour or features."page count".'),
    ('price < "5"', 9, '"5" is a text, and price is compared with a number, such as 9.5.'),
    ('category == "a" or is_new == 3', 30, "3 is a number, and is_new is compared with true or false."),
    ('published_at > "2026-01-01"', 16, "Dates stand without quotes."),
    ("published_at > 2026-02-30", 16, "There is no 2026-02-30 in the calendar."),
    ("price <", 8, "It ends where "),
    ("price", 6, "price needs a comparison, such as price == 5."),
    ("features.colour", 16, "features.colour needs a comparison, such as features.colour == ..."),
    ("category == Poetry", 13, 'Texts stand in quotes: "Poetry". Known: user.segment, '),
    ('category < "a"', 1, "category can't be compared with <: it has no order. Write ==, != or in."),
    ('features.x < "a"', 14, "A text has no order: write ==, != or in instead of <."),
    ("is_new & price < 5", 8, "'&' means nothing here. Write and instead."),
    ('creator == "Jane', 12, 'The text that begins with " here has no end: " is missing.'),
    ('creator has any ("a")', 9, "creator has one value: write creator in (...)."),
    ('tags has ("a")', 10, "( stands where all, any or none is needed."),
    ("price < 5 tags", 11, "tags stands where and, or or the end is needed."),
    ("price in (1, viewed.price)", 14, "viewed.price stands in a list, which holds values."),
    ("price < viewed.creator", 9, "viewed.creator can't be compared so: price is compared with a number, such as 9.5."),
    ("published_at < user.demographics.born", 16, "user.demographics.born can't be compared so"),
    ("price < 1e999", 9, "1e999 is too large a number."),
    (f'creator == "{"x" * 256}"', 12, "A text has at most 255 characters, and no NUL."),
    ("tags has all viewed.tags", 14, 'has all needs a list of values, such as ("a", "b").'),
    ("not " * 11 + "is_new", 1, "Parentheses and not go at most 10 deep."),
    ("(" * 11 + "is_new" + ")" * 11, 12, "Parentheses and not go at most 10 deep."),
    (" or ".join(["is_new"] * 51), 501, "An expression has at most 50 comparisons."),
    (f"price in ({', '.join(['1'] * 101)})", 311, "A list has at most 100 values; this has 101."),
    (" " * LONGEST + "is_new", LONGEST + 1, "An expression has at most 2,000 characters; this has 2,006."),
]


@pytest.mark.parametrize(("text", "position", "sentence"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_wrong_is_refused_at_its_position(text: str, position: int, sentence: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text)
    assert refused.value.position == position, str(refused.value)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith(f"At character {position}: ")


def test_of_a_wrong_property_of_the_user_those_of_the_user_are_named() -> None:
    with pytest.raises(ExpressionError) as refused:
        parse('user.contry == "AT"', (USER,))
    assert "There is no property user.contry. Did you mean user.country? Known: user." in str(refused.value)
    assert "category" not in str(refused.value)


def test_what_is_known_there_is_told_to_programs_as_well() -> None:
    with pytest.raises(ExpressionError) as refused:
        parse("pric < 5")
    assert {"price", "features.NAME", "user.segment"} <= {*refused.value.known}
    with pytest.raises(ExpressionError) as refused:
        parse("price < 5 tags")
    assert refused.value.known == ("and", "or", "the end")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("price=5.0", "price == 5"),
        ("tags HAS ANY ('a', 'it\\'s', \"a\")", 'tags in ("a", "it\'s")'),
        ("tags has none ('a')", 'tags != "a"'),
        ('tags has all ("a", "b")', 'tags == "a" and tags == "b"'),
        ("not (not is_new)", "is_new"),
        ("is_new == false", "is_new == false"),
        ("is_new and (price < 1 and (price > 0))", "is_new and price < 1 and price > 0"),
        ("is_new and (price < 1 or price > 3)", "is_new and (price < 1 or price > 3)"),
        ("not (is_new and price < 1)", "not (is_new and price < 1)"),
        ("is_new or is_new", "is_new"),
        ("not price is missing", "price is not missing"),
        ('features."colour" == true', "features.colour == true"),
        ('features."a \\"b\\"" == -1.50', 'features."a \\"b\\"" == -1.5'),
        ("category in viewed.category", "category == viewed.category"),
        ("published_at >= 2026-01-31t10:00+02:00", "published_at >= 2026-01-31T08:00:00Z"),
        ("published_at == 20260131", None),
    ],
)
def test_every_expression_has_one_form_that_means_the_same(text: str, form: str | None) -> None:
    if form is None:
        with pytest.raises(ExpressionError):
            parse(text)
        return
    found = parse(text)
    assert found.text == form
    assert parse(found.text) == found


def test_an_audience_is_an_expression_over_the_user() -> None:
    adults = parse('user.country in ("AT", "CH") and not user.demographics.age < 18', scopes=(USER,))
    at = {"user.country": "AT"}
    assert matches(adults, Context({**at, "user.demographics": {"age": 30}}))
    assert matches(adults, Context({**at, "user.demographics": {"age": "30"}}))
    assert not matches(adults, Context({**at, "user.demographics": {"age": 17}}))
    assert matches(adults, Context(at)), "An age that is missing is not below 18."
    assert not matches(adults, Context())
    with pytest.raises(ExpressionError, match=r"At character 1: price is not known here. Known: user\.segment, "):
        parse("price < 5", scopes=(USER,))
    with pytest.raises(ExpressionError, match=r"At character 17: viewed\.category is not known here"):
        parse("user.segment == viewed.category", scopes=(USER,))
    with pytest.raises(ValueError, match="This needs items: price < 5"):
        matches(parse("price < 5"), Context())


def test_true_is_not_one() -> None:
    """Python's True equals 1, and two masks must not be kept under one key."""
    assert parse("features.x == true") != parse("features.x == 1")
    assert hash(parse("features.x == 1")) == hash(parse("features.x == 1.0"))


def test_scopes_say_what_has_to_be_known() -> None:
    assert parse("price < 5").scopes == {"item"}
    assert parse('user.country == "AT" or price <= viewed.price').scopes == {"item", "user", "viewed"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('category == "Poetry" and price < 20', "category is “Poetry” and price is under 20"),
        ('tags has any ("sea", "sky") or not creator == "Poe"', "tag is “sea” or “sky” or creator is not “Poe”"),
        ("not (price >= 5 and is_new)", "not (price is at least 5 and it is new)"),
        ("not is_new and features.year is missing", "it is not new and year is not known"),
        ("published_at >= 2026-01-31 and age_days <= 9", "published from 2026-01-31 and age in days is at most 9"),
        ("category == viewed.category", "category is the viewed item's category"),
        (
            'user.country != "AT" and (is_new or price > 3)',
            "the user's country is not “AT” and (it is new or price is over 3)",
        ),
    ],
)
def test_an_expression_is_said_in_plain_words(text: str, words: str) -> None:
    assert parse(text).words == words


def test_what_must_all_be_true_is_told_one_by_one_and_means_the_same_together() -> None:
    found = parse('price < 20 and (is_new or tags == "sea") and not creator is missing')
    assert found.conditions == ("price < 20", 'is_new or tags == "sea"', "creator is not missing")
    assert parse(" and ".join(f"({one})" for one in found.conditions)) == found
    assert parse("is_new or price < 3").conditions == ("is_new or price < 3",)
