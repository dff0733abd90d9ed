"""Paging by key: every page of a list of millions costs the same, and nothing is counted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from recsite.platform.console import telling_columns
from recsite.platform.exceptions import UserFacingError

BEFORE = "before"
ORDER = ("-occurred_at", "-id")
WINDOW = 50_000
"""Rows that a filter without an index looks through for one page."""


class DamagedAddress(UserFacingError):
    """The address of a page doesn't say where the page begins."""


class Place(NamedTuple):
    """A row's place in the list."""

    occurred_at: datetime
    id: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Parse TIME,ID. Raises DamagedAddress."""
        try:
            when, key = text.rsplit(",", 1)
            # A plus sign that was not escaped comes as a space.
            place = cls(datetime.fromisoformat(when.replace(" ", "+")), int(key))
        except ValueError as error:
            raise DamagedAddress("The address of that page was damaged, so here is the newest one.") from error
        if place.occurred_at.tzinfo is None:
            raise DamagedAddress("The address of that page was damaged, so here is the newest one.")
        return place

    def __str__(self) -> str:
        return f"{self.occurred_at.isoformat()},{self.id}"

    def older(self) -> Q:
        """Return the rows after it. The range lets PostgreSQL skip partitions and begin inside the index."""
        return Q(Q(occurred_at__lt=self.occurred_at) | Q(id__lt=self.id), occurred_at__lte=self.occurred_at)

    def newer(self) -> Q:
        """Return the rows before it, and itself."""
        return Q(Q(occurred_at__gt=self.occurred_at) | Q(id__gte=self.id), occurred_at__gte=self.occurred_at)


class KeysetChangeList(ChangeList):
    """A list by time, newest first. `?before=TIME,ID` continues after that row.

    The admin's `indexed` names the parameters that an index answers. Any other filter looks through WINDOW rows at
    most: where it finds too few for a page, the next page goes on from there.
    """

    older: str | None = None
    newest: str | None = None
    looked_until: datetime | None = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        self.filter_params.pop(BEFORE, None)
        before = self.params.pop(BEFORE, None)
        self.before = Place.parse(before) if before else None
        return super().get_queryset(request, exclude_parameters)

    @property
    def is_live(self) -> bool:
        """Tell if this is the newest page of all rows: it is cheap enough to be asked for every two seconds."""
        return not (self.before or self.has_active_filters or self.query)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[str]:
        return list(ORDER)

    def get_results(self, request: HttpRequest) -> None:
        """Read one row more than a page holds: it tells whether there is an older page."""
        edge = self._edge(request) if self.has_active_filters else None
        within = (self.before.older() if self.before else Q()) & (edge.newer() if edge else Q())
        found = list(self.queryset.filter(within)[: self.list_per_page + 1])
        self._show(request, found[: self.list_per_page])
        if len(found) > self.list_per_page:
            self._link_older(Place(self.result_list[-1].occurred_at, self.result_list[-1].pk))
        elif edge:
            self.looked_until = edge.occurred_at
            self._link_older(edge)
        if self.before:
            self.newest = self.get_query_string()

    def _edge(self, request: HttpRequest) -> Place | None:
        """Return the last row to look at; None where fewer than WINDOW are left."""
        indexed = {name: self.params[name] for name in self.model_admin.indexed if name in self.params}
        rows, _ = self.model_admin.get_search_results(request, self.root_queryset.filter(**indexed), self.query)
        rows = rows.filter(self.before.older()) if self.before else rows
        places: Iterable[Any] = rows.order_by(*ORDER).values_list("occurred_at", "id")[WINDOW - 1 : WINDOW]
        return next((Place(*place) for place in places), None)

    def _show(self, request: HttpRequest, rows: list[Any]) -> None:
        self.result_list = rows
        self.result_count = len(rows)
        # The same number twice: the title then says nothing of a total that nobody counted.
        self.full_result_count = self.result_count
        self.show_admin_actions = False
        self.can_show_all, self.multi_page = False, False
        self.paginator = self.model_admin.get_paginator(request, rows, self.list_per_page)
        self.list_display = telling_columns(self)

    def _link_older(self, place: Place) -> None:
        self.older = self.get_query_string({BEFORE: str(place)})
