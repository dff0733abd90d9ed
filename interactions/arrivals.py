"""Tell when the last event arrived."""

from datetime import datetime

from django.db import connection

# The key of each month begins with the id: its last row is one step away, whatever the number of rows.
LAST = """
SELECT greatest(
    (SELECT received_at FROM interactions_interaction ORDER BY id DESC LIMIT 1),
    (SELECT received_at FROM interactions_personevent ORDER BY id DESC LIMIT 1)
)
"""


def last_stored_at() -> datetime | None:
    """Return when the last event was stored, those of imported files included; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute(LAST)
        (found,) = cursor.fetchone()
        return found
