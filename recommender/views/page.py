from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from recommender.views import staff
from recommender.views.visitor import visitor_of


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A whole page: with who the visitor is, and with the bar for staff."""
    frame = {"visitor": visitor_of(request), "staff": staff.bar(request)}
    return render(request, template, frame | context, status=status)
