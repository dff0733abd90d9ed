"""Clean the ids of users and items that come from outside, by one rule at every door. Pure: no Django.

API, Kafka, files, forms, addresses and commands call `clean_id`, so that a blank never makes two users of one.
"""

import re
import unicodedata

MAX_ID_LENGTH = 255
EMPTY_WORDS = frozenset(("NULL", "Null", "null", "None", "NaN", "nan", "undefined", "\\N", "<NA>", "#N/A"))
"""How databases, pandas, JavaScript and Excel write a missing value; as an id, it would join strangers."""

# What str.strip() takes away, with the zero-width space and the byte order mark, which editors leave behind unseen.
BLANKS = r"\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
# Control characters (NUL and line breaks among them), Unicode's own line and paragraph breaks.
CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
# Format characters (Unicode's category Cf), such as those that turn the direction of writing: nobody sees them.
FORMATS = (
    r"\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064"
    r"\u2066-\u206f\ufeff\ufff9-\ufffb"
    # As themselves: JSON's patterns have no escapes for them.
    "\U000110bd\U000110cd\U00013430-\U00013438\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
)
# Persian, languages of India and emoji need these two of them; after a letter of ASCII they do nothing.
JOINERS = r"\u200c\u200d"
_NONE = f"{CONTROLS}{FORMATS}{JOINERS}"
_JOINED = rf"[^\u0000-\u007f{BLANKS}{_NONE}][{JOINERS}]"
_END, _INNER = f"([^{BLANKS}{_NONE}]|{_JOINED})", f"([^{_NONE}]|{_JOINED})"
PATTERN = f"^[{BLANKS}]*{_END}({_INNER}*{_END})?[{BLANKS}]*$"
"""The rule as a JSON schema says it, beside the length and the empty words."""

ROUTE_WORDS = frozenset(("search", "bulk"))
ROUTE_ENDS = (
    "/similar",
    "/bought-together",
    "/interactions",
    "/statistics",
    "/export",
    "/opt-out",
    "/merge",
    "/why-not",
)
"""Addresses of the API that an id would hide, or be hidden by: `/items/search`, `/users/{user_id}/export`."""

NEW_PATTERN = (
    rf"^(?!(?:{'|'.join(sorted(ROUTE_WORDS))})$)(?!.*(?:{'|'.join(ROUTE_ENDS)})$)(?!(?:[\s\S]*/)?\.\.?(?:/[\s\S]*)?$)"
)
"""The rule of `is_reserved` as a JSON schema says it of an id without white space around it."""

DOTS = r"(?:^|/)\.\.?(?:/|$)"
"""Parts of a path that mean another place: curl and browsers resolve them, and would act on another item."""

_AROUND = re.compile(f"^[{BLANKS}]+|[{BLANKS}]+$")
_REFUSED = re.compile(rf"[{CONTROLS}{FORMATS}\ud800-\udfff]|(?<![^\u0000-\u007f{BLANKS}{JOINERS}])[{JOINERS}]")


class InvalidId(ValueError):
    """Says why a text is no id, to be put behind the field's name: "is empty", "holds a control character (U+0009)"."""


def clean_id(text: str) -> str:
    """Return the one form of an id: without white space around it, in Unicode's form NFC.

    Raises InvalidId for an empty id, one longer than 255 characters, one that holds a control character, a line break
    or an invisible format character, and for words that stand for a missing value.
    """
    # First, because sorting the marks of one character takes Python quadratic time.
    if len(text) > MAX_ID_LENGTH:
        raise InvalidId(f"is longer than {MAX_ID_LENGTH} characters")
    if text.isascii() and text.isprintable():
        cleaned = text.strip()
    else:
        cleaned = unicodedata.normalize("NFC", _AROUND.sub("", text))
        if found := _REFUSED.search(cleaned):
            raise InvalidId(_reason(found.group()))
    if not cleaned:
        raise InvalidId("is empty")
    if cleaned in EMPTY_WORDS:
        raise InvalidId(f"is {cleaned!r}, which stands for a missing value")
    if len(cleaned) > MAX_ID_LENGTH:
        raise InvalidId(f"is longer than {MAX_ID_LENGTH} characters in Unicode's form NFC")
    return cleaned


def is_reserved(item_or_user_id: str) -> bool:
    """Tell if an id could not be told from an address of the API. None is made anew; those that exist go on."""
    return (
        item_or_user_id in ROUTE_WORDS
        or item_or_user_id.endswith(ROUTE_ENDS)
        or bool("." in item_or_user_id and re.search(DOTS, item_or_user_id))
    )


def reserved_reason(item_or_user_id: str) -> str:
    """Say of a reserved id why none is made with it, to be put behind the field's name."""
    if re.search(DOTS, item_or_user_id):
        return "has a part of dots alone, which clients take out of an address: choose another one"
    end = next((end for end in ROUTE_ENDS if item_or_user_id.endswith(end)), "")
    how = f"ends with {end}" if end else f"is {item_or_user_id!r}"
    return f"{how}, as an address of the API does: choose another one"


def clean_new_id(text: str) -> str:
    """Return the one form of an id that is to be made. Raises InvalidId, also for one that is reserved."""
    cleaned = clean_id(text)
    if is_reserved(cleaned):
        raise InvalidId(reserved_reason(cleaned))
    return cleaned


def _reason(character: str) -> str:
    if character == "\x00":
        return "holds a NUL character"
    if "\ud800" <= character <= "\udfff":
        return "holds bytes that are no text in its encoding"
    if character in "\n\r\x85\u2028\u2029":
        name = "a line break"
    else:
        name = "a control character" if unicodedata.category(character) == "Cc" else "an invisible format character"
    return f"holds {name} (U+{ord(character):04X})"
