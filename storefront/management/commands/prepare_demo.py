import json
import secrets
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

from celery import current_app
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import F

from catalog.models import EndUser, Item
from interactions.models import Interaction
from recommender import registry
from recommender.insight import item_totals
from recommender.models import Release
from recommender.training import train as training
from recsite.local.console import say, step
from recsite.local.paths import LocalError, write_private
from recsite.local.source import Source, choose
from recsite.platform import jobs
from recsite.platform.commands import PlainCommand
from recsite.platform.models import ApiKey
from storefront import shelves
from storefront.management.commands.demo_data import PEOPLE
from storefront.past import making, releases
from storefront.past.making import SEED
from storefront.past.worlds import Numbers
from storefront.works.works import read_works

ADMINISTRATOR = "administrator"
ACCOUNTS = {ADMINISTRATOR: "Administrator", "operator": "Operator", "merchandiser": "Merchandiser", "viewer": "Viewer"}
"""One account of each role: its name, and the group that holds what it may do."""

FIRST = ("svd", "popular", "hybrid")
"""What is trained before the pages answer, where it takes seconds. The worker trains the rest once it runs."""

TITLE = "Make a past to look at"
SMALL = 500_000
"""Events up to which the hybrid takes seconds."""


class Command(PlainCommand):
    help = (
        "Make the database ready to show: tables, data, an account of each role, an API key, a trained model. "
        "What is there already stays. Writes the addresses and secrets to demo.json in the state folder."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="Where the pages will be (%(default)s).")
        parser.add_argument("--data", default="", help="Load this data set in place of the demo's own data.")
        parser.add_argument("--format", default="", help="The format of --data, as in import_data.")
        past = parser.add_mutually_exclusive_group()
        past.add_argument("--with-past", action="store_true", help="Make four weeks to look at on other data, too.")
        past.add_argument("--no-past", action="store_true", help="Make no such weeks on the demo's own data either.")

    def handle(self, *args: Any, **options: Any) -> None:
        with step("Bringing the tables up to date"):
            call_command("migrate", verbosity=0)
        asked = Source(options["data"], options["format"]) if options["data"] else None
        load(settings.STATE_DIR, asked)
        is_first = not Release.objects.filter(state=Release.State.LIVE).exists()
        is_own = not (Source.remembered(settings.STATE_DIR) or Source()).path
        wants_past = options["with_past"] or (is_first and is_own and not options["no_past"])
        shelves.make(making.MAKER, making.span().start if wants_past else None)
        give_access(settings.STATE_DIR / "demo.json", options["url"])
        if wants_past:
            make_past(Numbers(PEOPLE, len(read_works()), SEED) if is_own else None)
        if is_first:
            train(training.EVERYTHING if wants_past else ())
        # The list of items has a row of totals for each from the first minute on; beat keeps them up to date.
        item_totals.sum_up()


def load(state: Path, asked: Source | None) -> None:
    """Load the data where there are none, or where loading them was cut short."""
    held = Source.remembered(state)
    filled = Item.objects.exists()
    try:
        source = choose(asked, held if filled else None)
    except LocalError as error:
        raise CommandError(str(error)) from error
    if not filled or (held and not held.complete):
        if filled and held and not source.is_same(held):
            raise CommandError(
                f"The database holds a part of {held}: 'make reset' throws it away, then run this again."
            )
        _fill(state, source)
    elif asked and not held:
        raise CommandError("The database already holds other data: use an empty one, or leave DATA and FORMAT out.")


def _fill(state: Path, source: Source) -> None:
    source.remember(state, complete=False)
    with step(f"Loading {source}"):
        if source.path:
            call_command("import_data", source.path, format=source.format)
        else:
            call_command("demo_data", no_past=True)
    source.remember(state, complete=True)


def make_past(numbers: Numbers | None) -> None:
    """Have the worker make a past to look at, once it runs. The past's releases get the first numbers."""
    registry.leave_free(releases.VERSIONS, releases.RELEASES)
    job = jobs.create("past", TITLE, actor=making.MAKER)
    told = {"job_id": job.pk, "numbers": asdict(numbers) if numbers else None}
    # By name, as below: tasks are a door.
    current_app.send_task("storefront.tasks.past", kwargs=told)


def train(later: Sequence[str] = ()) -> None:
    """Train and promote, and warm the lists. A data set too small to learn from still gets popular items.

    The worker trains what is left `later`, else what was not trained now.
    """
    first = FIRST if Interaction.objects.count() <= SMALL else training.DEFAULT
    try:
        with step(f"Training and promoting {', '.join(first)}"):
            call_command("train", *first)
        rest = [name for name in training.EVERYTHING if name not in first]
        # By name: tasks are a door of their app, and nobody else imports them.
        current_app.send_task("recommender.tasks.train", kwargs={"algorithms": list(later) or rest})
        with step("Making everybody's recommendations"):
            call_command("warm_cache", all=True)
    except CommandError as error:
        say(f"   {error} Until there is a model, everybody sees what is popular.")


def give_access(path: Path, url: str) -> None:
    """Write addresses, passwords and API key to a file; make new ones only where the known ones don't work."""
    known = json.loads(path.read_text()) if path.exists() else {}
    person = EndUser.objects.order_by(F("last_active").desc(nulls_last=True)).first()
    call = f"/api/v1/recommendations/users/{quote(person.user_id, safe='') if person else 'anybody'}"
    remembered = known.get("accounts", {})
    passwords = {name: _password(name, role, remembered.get(name)) for name, role in ACCOUNTS.items()}
    described = {
        "url": url,
        "admin_url": f"{url}/admin/",
        "docs_url": f"{url}/api/docs/",
        "username": ADMINISTRATOR,
        "password": passwords[ADMINISTRATOR],
        "accounts": passwords,
        "api_key": _key(known.get("api_key")),
        "example_call": url + call,
    }
    write_private(path, json.dumps(described, indent=2) + "\n")


def _password(name: str, role: str, known: str | None) -> str:
    """Return the password of an account; one without a known password becomes an account of that role alone."""
    account, _ = User.objects.get_or_create(username=name)
    if known and account.check_password(known):
        return known
    password = secrets.token_urlsafe(9)
    account.is_staff, account.is_active, account.is_superuser = True, True, False
    account.set_password(password)
    account.save()
    account.groups.set(Group.objects.filter(name=role))
    return password


def _key(known: str | None) -> str:
    return known if known and ApiKey.objects.is_valid(known) else ApiKey.objects.create_key(name="demo")[1]
