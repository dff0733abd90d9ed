"""Show the changes of one object: the list of Activity, of this object alone, as a tab of its page."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from recsite.console.subjects import SUBJECTS
from recsite.platform.models import AuditEntry


@require_http_methods(["GET", "HEAD"])
def show(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show the list, with the way back to the object. The list asks for its own permission."""
    subject = SUBJECTS.get(kind)
    if subject is None or not subject.has_tab:
        raise Http404(f"Changes of a {kind} have no page of their own.")
    if not request.user.has_perm(subject.permission):
        raise PermissionDenied
    row = get_object_or_404(subject.model, pk=pk)
    page: Any = admin.site.get_model_admin(AuditEntry)
    asked: Any = request.GET.copy()
    asked["object_type__exact"], asked["object_id__exact"] = kind, subject.recorded_id(row)
    request.GET = asked
    about = {"kind": kind, "name": str(row), "link": reverse(subject.page, args=[pk])}
    answer: HttpResponse = page.changelist_view(request, {"subject": about})
    return answer
