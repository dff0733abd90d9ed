"""Say in words when a scheduled task runs, and read such words: "every 10 minutes", "at 03:00 UTC on Mondays"."""

import re
from dataclasses import dataclass
from typing import Self

from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

UNITS = ("seconds", "minutes", "hours", "days")
DAYS = {
    "*": "every day",
    "1-5": "weekdays",
    "1": "Mondays",
    "2": "Tuesdays",
    "3": "Wednesdays",
    "4": "Thursdays",
    "5": "Fridays",
    "6": "Saturdays",
    "0": "Sundays",
}
"""What staff choose from, by what a crontab says."""

OFTEN = re.compile(rf"every (?:(\d+) )?({'|'.join(one.removesuffix('s') for one in UNITS)})s?")
DAILY = re.compile(rf"at (\d\d):(\d\d) UTC (?:on )?({'|'.join(DAYS.values())})")


@dataclass(frozen=True, slots=True)
class Often:
    """Run a task again and again, after so long."""

    number: int
    unit: str

    def __str__(self) -> str:
        return f"every {self.unit.removesuffix('s')}" if self.number == 1 else f"every {self.number} {self.unit}"

    def set_on(self, task: PeriodicTask) -> None:
        found = IntervalSchedule.objects.filter(every=self.number, period=self.unit).first()
        clear(task)
        task.interval = found or IntervalSchedule.objects.create(every=self.number, period=self.unit)


@dataclass(frozen=True, slots=True)
class Daily:
    """Run a task at a time of some days."""

    hour: int
    minute: int
    days: str
    """A key of DAYS."""

    def __str__(self) -> str:
        on = "" if self.days == "*" else "on "
        return f"at {self.hour:02}:{self.minute:02} UTC {on}{DAYS[self.days]}"

    def set_on(self, task: PeriodicTask) -> None:
        fields = {"minute": str(self.minute), "hour": str(self.hour), "day_of_week": self.days}
        every = {"day_of_month": "*", "month_of_year": "*", "timezone": "UTC"}
        found = CrontabSchedule.objects.filter(**fields, **every).first()
        clear(task)
        task.crontab = found or CrontabSchedule.objects.create(**fields, **every)


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Stand for a calendar that has no plain words here, such as the first of each month."""

    words: str

    def __str__(self) -> str:
        return self.words

    @classmethod
    def of(cls, task: PeriodicTask) -> Self:
        return cls(str(task.scheduler or "never"))

    def set_on(self, task: PeriodicTask) -> None:
        """Leave it as it is: nobody can choose it anew."""


Timing = Often | Daily | Otherwise


def of(task: PeriodicTask) -> Timing:
    """Return when a task runs."""
    if task.interval and task.interval.period in UNITS:
        return _plainest(task.interval.every, task.interval.period)
    crontab = task.crontab
    if crontab and crontab.day_of_week in DAYS and (crontab.day_of_month, crontab.month_of_year) == ("*", "*"):
        is_utc, one_time = str(crontab.timezone) == "UTC", crontab.hour.isdigit() and crontab.minute.isdigit()
        if is_utc and one_time:
            return Daily(int(crontab.hour), int(crontab.minute), crontab.day_of_week)
    return Otherwise.of(task)


def read(words: str) -> Timing | None:
    """Return what `str` wrote; None for what has no plain words."""
    if found := OFTEN.fullmatch(words):
        return Often(int(found[1] or 1), f"{found[2]}s")
    if found := DAILY.fullmatch(words):
        return Daily(int(found[1]), int(found[2]), next(key for key, name in DAYS.items() if name == found[3]))
    return None


def clear(task: PeriodicTask) -> None:
    """Take every kind of schedule off a task; it may have one alone."""
    task.interval = task.crontab = task.solar = task.clocked = None


def _plainest(number: int, unit: str) -> Often:
    """Return an interval in its largest whole unit: 600 seconds are 10 minutes. A day of seconds stays 24 hours."""
    for smaller, larger in (("seconds", "minutes"), ("minutes", "hours")):
        if unit == smaller and number % 60 == 0:
            number, unit = number // 60, larger
    return Often(number, unit)
