from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recsite.platform.alerts import Alert
from recsite.platform.telling import rounds
from recsite.platform.thresholds import QUEUE_DEPTH, REDIS, Threshold


def alert(about: Threshold = REDIS, part: str = "", sentence: str = "Redis can't be reached.") -> Alert:
    """An alert that has held for five minutes."""
    since = timezone.now() - timedelta(minutes=5)
    key = f"{about.key}:{part}" if part else about.key
    return Alert(key, about.name, about.severity, since, sentence, about.means, about.do, "/admin/health/", "")


def queue(name: str = "training") -> Alert:
    return alert(QUEUE_DEPTH, name, f"1,200 tasks wait in the queue {name}.")


def tell(*found: Alert) -> int:
    """One round of the scheduled task."""
    return rounds.tell(found)


@pytest.fixture(autouse=True)
def told_at_once(db: None, settings: Any) -> None:
    settings.ALERT_TELL_AFTER_SECS = 0
