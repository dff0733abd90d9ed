"""Figures by the minute for charts, tiles and alerts: requests, answers, events, and levels such as queues.

    note ──▶ queue of the process ──every few seconds──▶ rows of a minute, ten minutes, an hour and a day ──▶ read

Each figure is added to a row of every grain at once, so nothing is ever computed from finer rows, and what a process
stores late lands everywhere. The finer grains are deleted after a week; hours and days are kept.
"""

from recsite.platform.series import kinds
from recsite.platform.series.kinds import (
    ANSWERS,
    EVENTS,
    FEEDS,
    KINDS,
    LAG,
    OUTBOX,
    QUEUES,
    REQUESTS,
    SILENCE,
    Kind,
)
from recsite.platform.series.points import Period, Point, Reading
from recsite.platform.series.reading import SPANS, latest, read, read_span, read_spans

__all__ = [
    "ANSWERS",
    "EVENTS",
    "FEEDS",
    "KINDS",
    "LAG",
    "OUTBOX",
    "QUEUES",
    "REQUESTS",
    "SILENCE",
    "SPANS",
    "Kind",
    "Period",
    "Point",
    "Reading",
    "kinds",
    "latest",
    "read",
    "read_span",
    "read_spans",
]
