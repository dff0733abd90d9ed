"""Find the days on which the hours of a rule never come, because clocks go forward over them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recommender.merchandising.rules import Rule

AHEAD = timedelta(days=366)
LONGEST_GAP = timedelta(hours=3)


def day_without(rule: Rule, today: date) -> date | None:
    """Return the next day, within a year, on which the rule is due and none of its hours comes; None without one."""
    if not (rule.from_hour and rule.until_hour):
        return None
    start, end = time.fromisoformat(rule.from_hour), time.fromisoformat(rule.until_hour)
    if start > end:
        return None
    zone = ZoneInfo(rule.time_zone)
    first = max(today, date.fromisoformat(rule.starts)) if rule.starts else today
    last = min(today + AHEAD, date.fromisoformat(rule.ends)) if rule.ends else today + AHEAD
    return next((day for day in _days(first, last) if _is_left_out(day, start, end, zone)), None)


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def _is_left_out(day: date, start: time, end: time, zone: ZoneInfo) -> bool:
    at, until = datetime.combine(day, start), datetime.combine(day, end)
    if until - at > LONGEST_GAP:
        return False
    while at < until:
        # A time that the clocks leave out comes back as another one.
        there = at.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
        if there.replace(tzinfo=None) == at:
            return False
        at += timedelta(minutes=1)
    return True
