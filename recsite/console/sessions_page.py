"""Show where staff are signed in: everybody their own, and everybody's for who manages accounts."""

import re
from dataclasses import dataclass

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from recsite.platform import staff_sessions
from recsite.platform.audit import Actor
from recsite.platform.staff_sessions import SignedIn

MANAGE = "auth.change_user"
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
"""How browsers call themselves, those first that call themselves others as well."""

SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")
NAMES = {"Edg": "Edge", "OPR": "Opera"}


@dataclass(frozen=True, slots=True)
class Row:
    """Hold a sign-in, and what it came by, in words."""

    one: SignedIn
    by: str


@require_safe
@never_cache
def show(request: HttpRequest) -> HttpResponse:
    """Show the list; signing out ends a session at once."""
    found = staff_sessions.going_on(request, request.user.has_perm(MANAGE))
    rows = [Row(one, "API tokens" if one.door == "api" else browser(one.agent)) for one in found]
    context = {
        **admin.site.each_context(request),
        "title": "Sessions",
        "rows": rows,
        "is_everybody": request.user.has_perm(MANAGE),
    }
    return TemplateResponse(request, "admin/access/sessions.html", context)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """End one sign-in: one's own, or anybody's for who manages accounts."""
    handle = request.POST.get("session", "")
    name = staff_sessions.end(request, handle, request.user.has_perm(MANAGE), actor=Actor.staff(request))
    if name:
        messages.success(request, f"{name} is signed out there.")
    else:
        messages.info(request, "That session is over already.")
    return redirect("sessions-page")


def browser(agent: str) -> str:
    """Return in words what a browser says of itself: Firefox on Windows."""
    name = next((one for one in BROWSERS if re.search(rf"\b{one}\w*/", agent)), "")
    system = next((one for one in SYSTEMS if one in agent), "")
    said = NAMES.get(name, name)
    return f"{said} on {system}" if said and system else said or system or agent[:40] or "unknown"
