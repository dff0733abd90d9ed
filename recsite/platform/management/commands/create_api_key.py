from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from recsite.platform import issuing
from recsite.platform.access import DEFAULT_SCOPES, Scope
from recsite.platform.audit import Actor
from recsite.platform.commands import PlainCommand, whole_number
from recsite.platform.issuing import KeySettings
from recsite.platform.models import ApiKey
from recsite.platform.rotation import HOUR, USUAL_HOURS

OF_NEW_KEYS = {
    "scopes": "--scopes",
    "owner": "--owner",
    "expires_in": "--expires-in",
    "rate_limit": "--rate-limit",
    "origins": "--browser",
}
"""Options that say what a new key is; a rotated one is as the key before it."""


class Command(PlainCommand):
    help = "Makes an API key and prints it, alone, on standard output. It is shown this once: only its hash is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="Who will use it, such as 'web shop'. Staff see it in the admin.")
        parser.add_argument(
            "--scopes",
            help=f"What it may do, by comma: {', '.join(Scope)} (default: {','.join(DEFAULT_SCOPES)}; a browser key "
            "may have no others).",
        )
        parser.add_argument("--owner", help="Who answers for it, such as a team or a mail address.")
        parser.add_argument("--expires-in", type=int, metavar="DAYS", help="Days it works (default: for ever).")
        parser.add_argument(
            "--rate-limit",
            type=whole_number,
            metavar="REQUESTS",
            help="Requests a minute of each scope; 0: no limit (default: RATE_LIMIT_PER_KEY).",
        )
        parser.add_argument(
            "--browser",
            action="append",
            metavar="ORIGIN",
            dest="origins",
            help="Make a browser key for the pages of this origin, such as https://shop.example; may be repeated.",
        )
        parser.add_argument(
            "--rotate",
            metavar="PREFIX",
            help="Make the successor of this key, which is named by its part before the dot, instead of a new one.",
        )
        parser.add_argument(
            "--overlap-hours",
            type=whole_number,
            metavar="HOURS",
            help=f"Hours for which the rotated key goes on working (default: {USUAL_HOURS}).",
        )

    def handle(self, *args: Any, name: str | None, rotate: str | None, **options: Any) -> None:
        if (name is None) == (rotate is None):
            raise CommandError("Give either the name of a new key, or --rotate with the PREFIX of one that exists.")
        _refuse_what_says_nothing(options, bool(rotate))
        actor = Actor.command("create_api_key")
        key, text = self._rotated(rotate, actor, options) if rotate else self._made(name or "", actor, options)
        self.stderr.write(f"Key for {key.name}. {_use(key)}")
        self.stdout.write(text)

    def _made(self, name: str, actor: Actor, options: dict[str, Any]) -> tuple[ApiKey, str]:
        days = options["expires_in"]
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("--expires-in must be between 1 and 36500 days.")
        scopes = DEFAULT_SCOPES if options["scopes"] is None else options["scopes"].split(",")
        asked = KeySettings(
            name=name,
            scopes=[scope.strip() for scope in scopes if scope.strip()],
            owner=options["owner"] or "",
            expiry_date=timezone.now() + timedelta(days=days) if days else None,
            rate_limit=options["rate_limit"],
            is_browser=bool(options["origins"]),
            origins=options["origins"] or (),
        )
        return issuing.create(asked, actor)

    def _rotated(self, prefix: str, actor: Actor, options: dict[str, Any]) -> tuple[ApiKey, str]:
        # Whoever pastes the whole key is understood; what is secret of it is not repeated.
        prefix = prefix.partition(".")[0]
        old = ApiKey.objects.filter(prefix=prefix).first()
        if old is None:
            raise CommandError(f"There is no key {prefix!r}. The admin lists the keys with their prefixes.")
        hours = USUAL_HOURS if options["overlap_hours"] is None else options["overlap_hours"]
        return issuing.rotate(old, actor, hours * HOUR)


def _refuse_what_says_nothing(options: dict[str, Any], is_rotation: bool) -> None:
    """Raise CommandError for an option that would be passed over: whoever gives it counts on it."""
    if not is_rotation and options["overlap_hours"] is not None:
        raise CommandError("--overlap-hours belongs to --rotate: a new key has none before it. Leave it out.")
    if is_rotation and (given := [flag for name, flag in OF_NEW_KEYS.items() if options[name] is not None]):
        raise CommandError(
            f"A rotated key may do what the one before it may, so {' and '.join(given)} would say nothing: leave that "
            "out, and change the successor in the admin."
        )


def _use(key: ApiKey) -> str:
    if key.is_browser:
        return "Keep it now. Web pages send the part before the dot; your server signs users' tokens by the part after."
    return "Keep it now; send it as 'Authorization: Api-Key KEY'."
