"""Tell which alerts hold now, each with since when: cheap enough for every page, and never an exception.

What is looked at is composed at the top (`ALERT_LOOKS`). A part that can't be asked is itself an alert.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.module_loading import import_string

from recsite.platform import database
from recsite.platform.database import DatabaseDown
from recsite.platform.exceptions import Unavailable
from recsite.platform.redis import RedisDown
from recsite.platform.series_models import HeldAlert
from recsite.platform.thresholds import DATABASE, REDIS, UNKNOWN, Severity, Threshold

logger = logging.getLogger(__name__)
NEW = timedelta(minutes=1)
KEPT_SECS = 5.0
"""How long a process repeats what it has found."""

KEEP = """
INSERT INTO platform_heldalert (key, since) SELECT unnest(%(keys)s::text[]), %(now)s ON CONFLICT (key) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """Say that something is beyond its threshold."""

    threshold: Threshold
    sentence: str
    page: str = ""
    """The name of the page of the admin that helps."""
    permission: str = ""
    """Who may see it; empty for all staff."""
    part: str = ""
    """Which of several, such as a queue."""
    since: datetime | None = None
    """Since when, where the finding knows."""

    @property
    def key(self) -> str:
        return f"{self.threshold.key}:{self.part}" if self.part else self.threshold.key


@dataclass(frozen=True, slots=True)
class Alert:
    """Describe an alert that holds now."""

    key: str
    name: str
    severity: Severity
    since: datetime
    sentence: str
    means: str
    do: str
    link: str
    """The address of the page of the admin that helps; empty where there is none."""
    permission: str

    @property
    def is_new(self) -> bool:
        """Tell whether it began within the last minute: "since now" would be no answer."""
        return timezone.now() - self.since < NEW


Look = Callable[[], Iterable[Finding]]


def now() -> list[Alert]:
    """Return the alerts that hold, the worst first; what was found a few seconds ago is repeated."""
    return _held.now()


def shown_to(user: AbstractBaseUser | AnonymousUser) -> list[Alert]:
    """Return those of them that a member of staff may see."""
    return [alert for alert in now() if not alert.permission or user.has_perm(alert.permission)]  # type: ignore[union-attr]


def forget() -> None:
    """Repeat nothing, for tests."""
    _held.forget()


class _Held:
    """Hold what was found last. One thread looks; others repeat what was found before meanwhile."""

    def __init__(self) -> None:
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._alerts: list[Alert] | None = None
        self._until = 0.0
        self._seen: dict[str, datetime] = {}
        """Since when this process knows of each, for while the database is away."""

    def now(self) -> list[Alert]:
        # Who has nothing to repeat waits for whoever is looking.
        if time.monotonic() >= self._until and self._lock.acquire(blocking=self._alerts is None):
            try:
                if time.monotonic() >= self._until:
                    self._alerts = self._look()
                    self._until = time.monotonic() + KEPT_SECS
            finally:
                self._lock.release()
        return list(self._alerts or ())

    def _look(self) -> list[Alert]:
        findings, at = _findings(import_string(settings.ALERT_LOOKS)), timezone.now()
        self._seen = {key: self._seen.get(key, at) for key in findings}
        since = self._seen
        try:
            since = database.ask(partial(_since, list(findings), at))
        except DatabaseDown:
            logger.warning("Since when alerts hold can't be stored.")
        except Exception:
            logger.exception("Since when alerts hold can't be stored.")
        made = [_alert(key, one, since.get(key, at)) for key, one in findings.items()]
        return sorted(made, key=lambda alert: (alert.severity is not Severity.DOWN, alert.since, alert.key))


def _findings(looks: Mapping[str, Look]) -> dict[str, Finding]:
    """Return what all looks find, by key. What is away is one alert, whoever has missed it."""
    found: list[Finding] = []
    for name, look in looks.items():
        try:
            found += database.ask(lambda look=look: list(look()))  # type: ignore[misc]  # each its own
        except DatabaseDown as down:
            found.append(Finding(DATABASE, str(down)))
        except RedisDown:
            found.append(Finding(REDIS, "Redis can't be reached: answers are computed anew, and no job begins."))
        except Unavailable as down:
            found.append(Finding(UNKNOWN, f"{name} can't be looked at: {down}", part=name))
        except Exception as fault:
            logger.exception("The look at %s failed.", name)
            found.append(Finding(UNKNOWN, f"{name} can't be looked at: {type(fault).__name__}.", part=name))
    return {one.key: one for one in reversed(found)}


def _since(keys: list[str], at: datetime) -> dict[str, datetime]:
    """Return since when each holds, as all processes know it; what holds no longer is forgotten."""
    known = dict(HeldAlert.objects.values_list("key", "since"))
    if known.keys() == set(keys):
        return known
    with transaction.atomic(), connection.cursor() as cursor:
        HeldAlert.objects.exclude(key__in=keys).delete()
        cursor.execute(KEEP, {"keys": sorted(keys), "now": at})
    return dict(HeldAlert.objects.values_list("key", "since"))


def _alert(key: str, found: Finding, since: datetime) -> Alert:
    about = found.threshold
    return Alert(
        key,
        about.name,
        about.severity,
        found.since or since,
        found.sentence,
        about.means,
        about.do,
        _address(found.page),
        found.permission,
    )


def _address(page: str) -> str:
    try:
        return reverse(page) if page else ""
    except NoReverseMatch:
        return ""


_held = _Held()
