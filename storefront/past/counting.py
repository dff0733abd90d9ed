"""Have the product's roll-ups add up all that was stored, also where another process is at it."""

import time

from recommender.insight import impressions
from recsite.platform import feed
from recsite.platform.exceptions import UserFacingError

PATIENCE_SECS = 120.0
PAUSE_SECS = 0.2


class NotCounted(UserFacingError):
    """Report that the roll-ups don't get on."""


def count_everything() -> None:
    """Roll up until what is stored now has been read. Raises NotCounted after PATIENCE_SECS."""
    impressions.flush()
    deadline = time.monotonic() + PATIENCE_SECS
    while True:
        impressions.roll_up()
        if not any(feed.waiting(reader, table) for reader, table in impressions.READERS.items()):
            return
        if time.monotonic() > deadline:
            raise NotCounted("Lists and clicks can't be added up: does a transaction stay open? Try again later.")
        time.sleep(PAUSE_SECS)
