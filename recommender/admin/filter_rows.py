"""The rows of a draft's filter: one for each thing that must be true of an item, and an empty one for another."""

from dataclasses import dataclass
from typing import Any

from catalog.expressions import LONGEST, ExpressionError, parse
from recsite.platform.suggesting import LEAN, Kind, SuggestingInput

FIELD = "filter"
"""The name under which a form sends every row; rows that are empty say nothing."""


@dataclass(frozen=True, slots=True)
class FilterRow:
    """Hold one row: its expression, in plain words as well, or why it can't be read; and its field."""

    number: int
    text: str
    words: str
    wrong: str
    field: str

    @property
    def input_id(self) -> str:
        return f"id_filter-{self.number}"


class FilterRows:
    """Hold the rows of a stored filter, or those that were sent."""

    def __init__(self, stored: str | None, data: Any = None) -> None:
        self.sent = _sent(data)
        texts = list(parse(stored).conditions) if stored and self.sent is None else self.sent or []
        self.rows = [_row(number, text) for number, text in enumerate([*texts, ""], 1)]

    @property
    def text(self) -> str:
        """Return the one expression that all rows make."""
        texts = [row.text for row in self.rows if row.text]
        return texts[0] if len(texts) == 1 else " and ".join(f"({text})" for text in texts)

    def sentences(self) -> list[str]:
        """Return what is wrong with each row that can't be read, and with all of them together."""
        found = [f"Filter {row.number}: {row.wrong}" for row in self.rows if row.wrong]
        if not found and self.text and len(self.text) > LONGEST:
            found = [f"All filters together have at most {LONGEST:,} characters; these have {len(self.text):,}."]
        return found


def _sent(data: Any) -> list[str] | None:
    """Return the rows of a form; None where it has none, which leaves the filter as it is."""
    if not data or FIELD not in data:
        return None
    values = [value.strip() for value in (data.getlist(FIELD) if hasattr(data, "getlist") else [data[FIELD]])]
    # An empty row keeps its number before others, since a preview says the words of each; the last ones have none.
    while values and not values[-1]:
        values.pop()
    return values


def _row(number: int, text: str) -> FilterRow:
    words, wrong = "", ""
    if text:
        try:
            words = parse(text).words
        except ExpressionError as error:
            wrong = str(error)
    label = f"Filter {number}" if text else "Another filter"
    widget = SuggestingInput(Kind.FILTER, {"aria-label": label, "maxlength": str(LONGEST)})
    widget.attrs["class"] = LEAN
    return FilterRow(number, text, words, wrong, widget.render(FIELD, text, {"id": f"id_filter-{number}"}))
