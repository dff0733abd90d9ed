"""Change what waits in the table of a file's events (`staging.in_table`) before it is stored."""

from collections.abc import Collection, Iterable, Mapping

from interactions.staging import Staging, Unknown

LEAVE_OUT_OPTED_OUT = """
DELETE FROM staged_event AS staged USING catalog_enduser AS enduser
WHERE enduser.user_id = staged.user_id AND staged.occurred_at >= enduser.opted_out_at
"""


def leave_out_users(staging: Staging, user_ids: Collection[str]) -> list[int]:
    """Delete the events of these users from the table, and return their positions, one for each event."""
    if not user_ids:
        return []
    staging.cursor.execute("DELETE FROM staged_event WHERE user_id = ANY(%s) RETURNING position", [sorted(user_ids)])
    return [position for (position,) in staging.cursor.fetchall()]


def rename_users(staging: Staging, known: Mapping[str, str]) -> None:
    """Give the events of these users in the table to the users whom they were merged into."""
    rename = "UPDATE staged_event SET user_id = %s WHERE user_id = %s"
    staging.cursor.executemany(rename, [(into, user_id) for user_id, into in known.items()])


def leave_out_opted_out(staging: Staging) -> int:
    """Delete the events of users who opted out before from the table, and return how many these were."""
    staging.cursor.execute(LEAVE_OUT_OPTED_OUT)
    return max(staging.cursor.rowcount, 0)


def leave_out(staging: Staging, unknown: Iterable[Unknown]) -> None:
    """Remove events from the table."""
    positions = [event.position for event in unknown]
    if positions:
        staging.cursor.execute("DELETE FROM staged_event WHERE position = ANY(%s)", [positions])
