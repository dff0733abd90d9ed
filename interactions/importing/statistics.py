"""Keep the statistics of PostgreSQL's planner fresh for the tables that an import fills.

It may take a table for empty that was so when it last looked, and then reads all of it for each event.
"""

from collections import Counter

from django.db import connection
from django.db.backends.utils import CursorWrapper

USERS, ITEMS, EVENTS = "catalog_enduser", "catalog_item", "interactions_interaction"


class Statistics:
    """Analyze a table again whenever the rows that this import added to it have more than doubled."""

    def __init__(self) -> None:
        self._added: Counter[str] = Counter()
        self._analyzed: Counter[str] = Counter()

    def add(self, users: int = 0, items: int = 0) -> None:
        self._added.update({USERS: users, ITEMS: items})

    def refresh(self, cursor: CursorWrapper) -> None:
        for table, added in self._added.items():
            if added > 2 * self._analyzed[table]:
                cursor.execute(f"ANALYZE {table}")
                self._analyzed[table] = added


def analyze_all() -> None:
    """Analyze all of them, at the end of an import."""
    with connection.cursor() as cursor:
        for table in (USERS, ITEMS, "catalog_itemsearch", EVENTS):
            cursor.execute(f"ANALYZE {table}")
