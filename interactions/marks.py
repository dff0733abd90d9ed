"""Name the marks of events that count for nothing."""

from django.db import models


class Mark(models.IntegerChoices):
    """Say why an event is left out of what models learn and figures add up (see `interactions.marking`)."""

    NONE = 0, "counts"
    CRAWLER = 1, "crawler"
    FLAGGED = 2, "flagged as a bot"
    STAFF = 3, "staff"
    TOO_FAST = 4, "faster than a person"
    TAKEN_BACK = 5, "taken back"


MARKS = {mark.name.lower(): mark.value for mark in Mark if mark}
"""Their names outside."""
MARK_NAMES = {value: name for name, value in MARKS.items()}
