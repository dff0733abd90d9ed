"""Say on every page of the admin what is down: a look that costs little, taken every few seconds at most."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from recommender.serving import candidates
from recsite import health
from recsite.platform import redis, workers
from recsite.platform.redis import RedisDown

logger = logging.getLogger(__name__)
FRESH_SECS = 5.0


def down() -> list[str]:
    """Return a sentence for each part that is down, as it was FRESH_SECS ago at most; it raises nothing."""
    return _look.current()


def forget() -> None:
    """Look anew at the next question, for tests."""
    _look.until = 0.0


class _Look:
    """Keep the latest look of this process. Whoever asks while another one looks gets the one before."""

    def __init__(self) -> None:
        self.until, self._said, self._lock = 0.0, list[str](), threading.Lock()

    def current(self) -> list[str]:
        if monotonic() >= self.until and self._lock.acquire(blocking=False):
            try:
                self._said = [sentence for part in PARTS if (sentence := _say(part))]
                self.until = monotonic() + FRESH_SECS
            finally:
                self._lock.release()
        return self._said


def _say(part: Callable[[], str]) -> str:
    try:
        return part()
    except Exception as fault:
        # A page must not fall because of what is only said beside it.
        logger.exception("What is down can't be looked up.")
        return f"A part can't be looked at: {type(fault).__name__}."


def _redis() -> str:
    return "" if _has_redis() else "Redis can't be reached: every list is made at request time."


def _broker() -> str:
    broker = health.look_at("broker")
    return "" if broker["status"] == "ok" else str(broker["message"])


def _worker() -> str:
    """Say which queue has no worker; nothing while Redis is gone, where that is said already."""
    try:
        return "" if workers.may_still_start() else workers.complaint()
    except RedisDown:
        return ""


def _release() -> str:
    if candidates.live().number is None:
        return candidates.fault() or "No release is live: all users get the newest items. Train and promote one."
    return candidates.fault()


def _has_redis() -> bool:
    try:
        redis.call(lambda client: client.ping())
    except RedisDown:
        return False
    return True


PARTS: tuple[Callable[[], str], ...] = (_redis, _broker, _worker, _release)
_look = _Look()
