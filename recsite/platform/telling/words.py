"""Write mails about alerts: plain text, the worst first, what it means and what to do below each."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.urls import reverse

from recsite.platform.humanize import duration
from recsite.platform.telling.models import AlertEpisode, AlertMessage
from recsite.platform.thresholds import THRESHOLDS

Event = AlertMessage.Event
LONGEST_SUBJECT = 120
SIGNED = "Who is told of what is chosen in the admin: Health, Alerts."


def mail(told: Sequence[AlertMessage]) -> tuple[str, str]:
    """Return subject and text of the mail that tells all these."""
    began = [one.episode for one in told if one.event == Event.BEGAN]
    ended = [one.episode for one in told if one.event == Event.ENDED]
    parts = [
        _part("Began", (_began(one) for one in began)),
        _part("Ended", (_ended(one) for one in ended)),
        f"{SIGNED}\n{_address(reverse('alerts-page'))}".strip(),
    ]
    return _subject(began, ended), "\n\n".join(filter(None, parts)) + "\n"


def test() -> tuple[str, str]:
    """Return subject and text of a mail that is sent to try an address."""
    return f"{_prefix()} Test", f"This is a test: alerts reach you at this address.\n\n{SIGNED}\n"


def _subject(began: Sequence[AlertEpisode], ended: Sequence[AlertEpisode]) -> str:
    if len(began) + len(ended) == 1:
        what = f"{began[0].name}: {began[0].sentence}" if began else f"Ended: {ended[0].name}"
    else:
        counts = [f"{len(some)} {word}" for some, word in ((began, "began"), (ended, "ended")) if some]
        what = f"Alerts: {', '.join(counts)}"
    # A subject is one line, whatever an alert says.
    line = " ".join(f"{_prefix()} {what}".split())
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1]}…"


def _prefix() -> str:
    return f"[recsite {settings.ENVIRONMENT}]"


def _part(title: str, paragraphs: Iterable[str]) -> str:
    found = list(paragraphs)
    return "\n\n".join([title.upper(), *found]) if found else ""


def _began(episode: AlertEpisode) -> str:
    about = THRESHOLDS.get(episode.kind)
    lines = [
        f"{episode.name}: {episode.sentence}",
        f"Since {episode.began_at:%Y-%m-%d %H:%M} UTC.",
        *((about.means, about.do) if about else ()),
        _address(episode.link),
    ]
    return "\n".join(filter(None, lines))


def _ended(episode: AlertEpisode) -> str:
    if episode.ended_at is None:
        return ""
    lasted = duration((episode.ended_at - episode.began_at).total_seconds())
    return f"{episode.name}: {episode.sentence}\nIt ended at {episode.ended_at:%Y-%m-%d %H:%M} UTC, after {lasted}."


def _address(path: str) -> str:
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL and path else ""
