"""Read a filter expression from a request or a placement: refused with the position of what is wrong."""

from typing import Any

from catalog.expressions import LONGEST, ExpressionError, parse
from recsite.platform.values import NOT_BLANK, ValueType, WrongValue


class FilterText(ValueType):
    """Read an expression into its one form."""

    def from_text(self, text: str) -> str:
        try:
            return parse(text).text
        except ExpressionError as wrong:
            raise WrongValue(str(wrong)) from wrong

    def from_json(self, value: Any) -> str:
        return self.from_text(value if isinstance(value, str) else "")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": NOT_BLANK}
