"""Read filter expressions, and evaluate them: `category == "Poetry" and price < 20`. Pure: no Django, no numpy.

One form for lists (`filter=`), rules, placements and audiences; docs/FILTERS.md has the language. `parse` refuses what
is wrong with its position and what is known there. `matches` answers expressions over a user; `catalog.snapshot.mask`
those over items.
"""

from catalog.expressions.binding import Context, bind, matches
from catalog.expressions.errors import ExpressionError
from catalog.expressions.parsing import LONGEST, Expression, parse
from catalog.expressions.properties import ITEM, USER, VIEWED

__all__ = [
    "ITEM",
    "LONGEST",
    "USER",
    "VIEWED",
    "Context",
    "Expression",
    "ExpressionError",
    "bind",
    "matches",
    "parse",
]
