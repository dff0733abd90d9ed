"""Compare what a user gets with what another release, or one source alone, would show, and with what is popular."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from catalog import snapshot
from catalog.models import EndUser
from recommender import serving
from recommender.admin import cards, reasons
from recommender.admin.person_page import VIEW, person_page
from recommender.admin.person_questions import open_person, placements_asked
from recommender.models import Release
from recommender.operations import compare as operations
from recommender.serving import Answer, Request, UnknownAlgorithm, candidates
from recommender.serving.candidates import IMPERSONAL, LATEST, POPULAR, TRENDING, UnknownRelease
from recsite.platform.exceptions import Invalid

LENGTH, RELEASES = 12, 20
RELEASE = "release-"


@dataclass(frozen=True, slots=True)
class Column:
    """Hold one of the lists that are compared: its title, its ranks by item, or why there is none."""

    title: str
    ranks: Mapping[str, int]
    note: str = ""
    common: int = 0
    """Items that the live list has as well."""


@require_safe
@permission_required((VIEW, "recommender.view_release"), raise_exception=True)
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the lists beside each other, a row an item, so that what they have in common is one row."""
    user, asked = open_person(pk), placements_asked(request)
    choices = _choices()
    chosen = request.GET.get("with", "").strip() or _usual(choices)
    titles: dict[str, str] = {}
    columns = [
        _column("Live", user, asked["placement"], titles),
        _column(choices.get(chosen, chosen), user, asked["placement"], titles, chosen),
        _column("Popular", user, asked["placement"], titles, POPULAR),
    ]
    live = columns[0].ranks.keys()
    columns = [Column(one.title, one.ranks, one.note, len(live & one.ranks.keys())) for one in columns]
    context = {**asked, "choices": choices, "chosen": chosen, "columns": columns, "rows": _rows(columns, titles)}
    return person_page(request, user, "compare", context)


def _choices() -> dict[str, str]:
    """Return what may be compared with the live list, by the value in the address: releases, and sources alone."""
    live = candidates.live()
    numbers = Release.objects.order_by("-pk").values_list("pk", flat=True)[:RELEASES]
    releases = {f"{RELEASE}{number}": f"Release {number}" for number in numbers if number != live.number}
    sources = sorted({*live.members, LATEST, TRENDING}, key=lambda name: (name in IMPERSONAL, name))
    return releases | {name: f"{name.capitalize()} alone" for name in sources}


def _usual(choices: Mapping[str, str]) -> str:
    """Return the release before the live one; where there is none, the first source."""
    before = operations.usual_pair()
    usual = f"{RELEASE}{before[0]}" if before else ""
    return usual if usual in choices else next(iter(choices))


def _column(title: str, user: EndUser, placement: str, titles: dict[str, str], of: str = "") -> Column:
    """Make one of the lists, and note the titles of its items."""
    number = of.removeprefix(RELEASE) if of.startswith(RELEASE) else ""
    if of.startswith(RELEASE) and not (number.isdecimal() and len(number) <= 9):
        return Column(title, {}, "There is no such release. Choose one of those offered.")
    algorithm = "" if number else of
    asked = Request(
        user.user_id, LENGTH, placement=placement, algorithm=algorithm, release=int(number or 0), is_shown=False
    )
    try:
        answer = serving.recommend(asked)
    except UnknownRelease as gone:
        return Column(title, {}, gone.sentence)
    except UnknownAlgorithm:
        return Column(title, {}, f"The live release has no {algorithm}.")
    except Invalid as wrong:
        return Column(title, {}, " ".join(wrong.errors.values()))
    if algorithm and answer.algorithm != algorithm:
        return Column(title, {}, "Nothing: this source can't say anything of this user.")
    titles |= {one.item_id: one.title for one in answer.items}
    return Column(title, {one.item_id: one.rank for one in answer.items}, _note(answer, algorithm))


def _note(answer: Answer, algorithm: str) -> str:
    if algorithm:
        return reasons.SOURCES.get(algorithm, "")
    return f"Led by {answer.algorithm}."


def _rows(columns: Sequence[Column], titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a row for each item, in the order of the lists: the live one first."""
    catalogue = snapshot.current()
    found = []
    for item_id in dict.fromkeys(one for column in columns for one in column.ranks):
        row = catalogue.row_of(item_id)
        if row is None:
            continue
        pk, ranks = int(catalogue.ids[row]), [column.ranks.get(item_id) for column in columns]
        is_common = sum(rank is not None for rank in ranks) > 1
        found.append(
            {
                "pk": pk,
                "title": titles[item_id],
                "cover": cards.address_of(pk),
                "ranks": ranks,
                "is_common": is_common,
            }
        )
    return found
