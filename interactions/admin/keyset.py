"""Paging by key: every page of a list of millions costs the same, and nothing is counted."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

BEFORE = "before"


class KeysetChangeList(ChangeList):
    """A list by (occurred_at, id), newest first. `?before=TIME,ID` continues after that row."""

    older: str | None = None
    newest: str | None = None

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet:
        self.before = _parse(self.params.pop(BEFORE, None) or request.GET.get(BEFORE))
        return super().get_queryset(request, exclude_parameters)

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        kept = super().get_filters_params(params)
        kept.pop(BEFORE, None)
        return kept

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[str]:
        return ["-occurred_at", "-id"]

    def get_results(self, request: HttpRequest) -> None:
        """One row more than a page holds tells whether there is an older page."""
        rows = self.queryset
        if self.before:
            when, key = self.before
            # The first condition lets PostgreSQL skip partitions and start inside the index.
            rows = rows.filter(Q(occurred_at__lt=when) | Q(id__lt=key), occurred_at__lte=when)
        found = list(rows[: self.list_per_page + 1])
        self.result_list = found[: self.list_per_page]
        self.result_count = len(self.result_list)
        # The same number twice: the title then says nothing of a total that nobody counted.
        self.full_result_count = self.result_count
        self.show_admin_actions = bool(found)
        self.can_show_all, self.multi_page = False, False
        self.paginator = self.model_admin.get_paginator(request, self.result_list, self.list_per_page)
        self._link_pages(has_older=len(found) > self.list_per_page)

    def _link_pages(self, has_older: bool) -> None:
        if has_older:
            last = self.result_list[-1]
            self.older = self.get_query_string({BEFORE: f"{last.occurred_at.isoformat()},{last.pk}"})
        if self.before:
            self.newest = self.get_query_string(remove=[BEFORE])


def _parse(raw: str | list[str] | None) -> tuple[datetime, int] | None:
    if not raw:
        return None
    text = raw[0] if isinstance(raw, list) else raw
    try:
        when, key = text.rsplit(",", 1)
        return datetime.fromisoformat(when.replace(" ", "+")), int(key)
    except ValueError as error:
        raise ValidationError("The address of this page is damaged: open the list again.") from error
