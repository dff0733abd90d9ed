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
PATTERN = f"^[{BLANKS}]*[^{BLANKS}{CONTROLS}]([^{CONTROLS}]*[^{BLANKS}{CONTROLS}])?[{BLANKS}]*$"
"""The rule as a JSON schema says it, beside the length and the empty words."""

_AROUND = re.compile(f"^[{BLANKS}]+|[{BLANKS}]+$")
_REFUSED = re.compile(rf"[{CONTROLS}\ud800-\udfff]")


class InvalidId(ValueError):
    """Says why a text is no id, to be put behind the field's name: "is empty", "holds a control character (U+0009)"."""


def clean_id(text: str) -> str:
    """Return the one form of an id: without white space around it, in Unicode's form NFC.

    Raises InvalidId for an empty id, one longer than 255 characters, one that holds a control character or a line
    break, and for words that stand for a missing value.
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


def _reason(character: str) -> str:
    if character == "\x00":
        return "holds a NUL character"
    if "\ud800" <= character <= "\udfff":
        return "holds bytes that are no text in its encoding"
    name = "line break" if character in "\n\r\x85\u2028\u2029" else "control character"
    return f"holds a {name} (U+{ord(character):04X})"
