"""Show every part of the console on one page, with the values that parts break at: for whoever builds pages."""

import math
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from recsite.platform.charts import Chart, Mark, Series, chart
from recsite.platform.parts import Badge, Card, Empty, State, Tile, shares, tile
from recsite.platform.suggesting import Kind, SuggestingInput
from recsite.platform.units import Unit, write

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
UNTIL = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
DAYS = [UNTIL.date() - timedelta(days=number) for number in range(27, -1, -1)]
HOURS = [UNTIL - timedelta(hours=number) for number in range(24, -1, -1)]
NAN = math.nan


def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the parts, where somebody develops or the demo runs; a server that is in use has no such page."""
    if not (settings.DEBUG or settings.IS_DEMO):
        raise Http404("The style guide is shown in the demo, and where DEBUG is on.")
    context = {
        **admin.site.each_context(request),
        "title": "Style guide",
        "tiles": _tiles(),
        "charts": _charts(),
        "cards": _cards(),
        "badges": [Badge("new"), *(Badge(state.name.lower(), state, "What it means.") for state in State if state)],
        "numbers": [(value, *(write(value, unit) for unit in Unit)) for value in (0, 0.000213, -0.0412, 12.345, 98765)],
        "units": list(Unit),
        "suggesting": SuggestingInput(Kind.ITEM).render("item", "", {"id": "an-item"}),
        "empties": [
            Empty("No list was shown yet."),
            Empty("No experiment was made yet.", "Make one", "#"),
            Empty("No worker runs.", "Start one: celery -A recsite worker"),
        ],
    }
    return TemplateResponse(request, "admin/styleguide.html", context)


def _wave(number: int, middle: float, reach: float) -> float:
    return middle + reach * math.sin(number / 3)


def _tiles() -> list[Tile]:
    week = "the week before"
    return [
        tile(
            "Click-through",
            0.0412,
            unit=Unit.SHARE,
            before=0.036,
            period=week,
            values=[_wave(number, 0.04, 0.01) for number in range(28)],
            is_more_better=True,
            link="#",
        ),
        tile(
            "p95",
            38.2,
            unit=Unit.MILLISECONDS,
            before=21,
            period=week,
            values=[_wave(number, 30, 9) for number in range(28)],
            is_more_better=False,
        ),
        tile("Requests a minute", 12_345, before=12_345, period=week, values=[12_345] * 28, note="errors 0.021 %"),
        tile("Conversion", 0.0, unit=Unit.SHARE, before=0.0, period=week, values=[0.0] * 28),
        tile("Events a minute", None, empty="no event has arrived since the start."),
        tile("From cache", 0.5, unit=Unit.SHARE, values=[0.1, NAN, None, 0.4, NAN, 0.5]),
        tile("One value alone", 7, values=[7]),
        tile(f"{LONG} of {LONG}", 1_234_567_890, before=12, period=week, values=[1, 2], note=LONG),
    ]


def _charts() -> list[Chart]:
    rate = [_wave(number, 0.04, 0.012) for number in range(28)]
    marks = [
        Mark(date(2026, 3, 11), "release 3 promoted by operator"),
        Mark(date(2026, 3, 20), "revision 7 by merchandiser"),
    ]
    live = Series("Live release", rate, low=[one - 0.008 for one in rate], high=[one + 0.008 for one in rate])
    base = Series("Popularity", [0.02 + number / 9000 for number in range(28)], is_base=True)
    shown = Series("Items shown", [1000 + 900 * math.cos(number / 4) for number in range(28)])
    changes = [_wave(number, -0.02, 0.3) for number in range(28)]
    gaps: list[float | None] = [None if number in (3, 4, 9) else float(number % 7) for number in range(25)]
    ranks = list(range(1, 21))
    return [
        chart(
            "Click-through",
            DAYS,
            [live, base],
            unit=Unit.SHARE,
            sentence="Of lists at home.",
            marks=marks,
            bars=shown,
        ),
        chart(
            "Change against the control", DAYS, [Series("B", changes)], unit=Unit.CHANGE, sentence="Above and below."
        ),
        chart(
            "Time of an answer",
            HOURS,
            [Series("p95", [9 + 8 * math.sin(number) for number in range(25)])],
            unit=Unit.MILLISECONDS,
        ),
        chart("Gaps, and a limit", HOURS, [Series("Events", gaps)], limit=("drift from", 5.0)),
        chart("By rank", ranks, [Series("Clicked", [0.2 / rank for rank in ranks])], unit=Unit.SHARE, is_barred=True),
        chart(
            "Five lines",
            DAYS,
            [
                Series(f"{name} {LONG}" if name == "c" else name, [_wave(day, 5 + place, 2) for day in range(28)])
                for place, name in enumerate("abcde")
            ],
        ),
        chart("One point", DAYS[-1:], [Series("Lists", [3.0])], sentence="A day alone is a dot."),
        chart("All zero", DAYS, [Series("Lists", [0.0] * 28)]),
        chart(
            "Nothing that can be said",
            DAYS,
            [Series("Lists", [NAN] * 28)],
            empty="No list was shown in these days: publish a placement.",
        ),
        chart("No days", [], [], empty="No list was shown yet."),
    ]


def _cards() -> list[Card]:
    parts = {"history": 0.62, "popularity": 0.2, "content": 0.175, "new": 0.005}
    return [
        Card(
            "Emma",
            "#",
            rank=1,
            sentence="Because they rated Persuasion.",
            badges=[Badge("pinned"), Badge("new")],
            shares=shares(parts),
        ),
        Card(
            "The Name of the Rose",
            "#",
            rank=2,
            badges=[Badge("boosted +3", State.NONE, "By the rule of home.")],
            is_moved=True,
        ),
        Card(
            LONG,
            "#",
            rank=3,
            sentence=f"{LONG}, {LONG}",
            badges=[Badge("hidden", State.BAD)],
            shares=shares({"history": 1.0}),
        ),
        Card("Without anything"),
    ]
