"""Read JSON as PostgreSQL can store it."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MOST_DIGITS = 300
"""Of a whole number; PostgreSQL's own JSON takes more, and nobody needs them."""

LONGEST_NAME = 50
"""Characters of a name that an error repeats."""

NEEDED = "The body must be JSON in UTF-8"
EMPTY = f"{NEEDED}; this is empty."


class StrictJSONParser(BaseParser):
    """Refuses what JSON or PostgreSQL don't know: NaN, numbers beyond 1e308, halves of characters, endless nesting.

    A name that stands twice in an object is refused as well: one of its values would be lost without a word.
    """

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping | None = None) -> Any:
        try:
            return strict_json(stream.read())
        except ValueError as error:
            raise ParseError(str(error)) from error


def strict_json(raw: bytes) -> Any:
    """Return the value of a JSON text. Raises ValueError with a sentence, also for what PostgreSQL could not store."""
    if not raw.strip():
        raise ValueError(EMPTY)
    try:
        text = raw.decode()
        data = _decoder.decode(text)
        if "\\ud" in text.lower():
            json.dumps(data, ensure_ascii=False).encode()
    except UnicodeError as error:
        raise ValueError(f"{NEEDED}; this holds bytes or escapes that are no text.") from error
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{NEEDED}; this breaks off or is no JSON at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise ValueError(f"{NEEDED}; this is nested too deeply.") from error
    except ValueError as error:
        raise ValueError(f"{NEEDED}: {error}.") from error
    return data


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits")
    return int(digits)


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no number that can be stored")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise ValueError(f"{names.most_common(1)[0][0][:LONGEST_NAME]!r} stands more than once in one object")
    return found


_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_finite, parse_int=_whole, object_pairs_hook=_unique)
"""Made once: `json.loads` would make one for each text."""
