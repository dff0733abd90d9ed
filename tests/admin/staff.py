"""Somebody signed in to the admin, and what waits for a worker afterwards."""

import base64
import json
import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q
from django.http import HttpResponse
from django.test import Client

from recsite.platform import queues, redis
from recsite.platform.models import Job
from recsite.roles import held_by

OURS = ["catalog", "interactions", "recommender", "platform"]
VERSIONS = "/admin/recommender/modelversion/"
RELEASES = "/admin/recommender/release/"
EVENTS = "/admin/interactions/interaction/"
PEOPLE = "/admin/catalog/enduser/"
ITEMS = "/admin/catalog/item/"
JOBS = "/admin/platform/job/"
HTMX = {"HX-Request": "true"}


class Staff:
    """`may` are permissions by name, or "view" for seeing everything that is ours."""

    def __init__(self, name: str, *may: str, is_superuser: bool = False) -> None:
        self.user = User.objects.create_user(name, is_staff=True, is_superuser=is_superuser)
        self.user.user_permissions.set(Permission.objects.filter(_named(may))) if may else None
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.user)

    def get(self, path: str, **query: Any) -> HttpResponse:
        answer: Any = self.client.get(path, query)
        return answer

    def page(self, path: str, **query: Any) -> str:
        """What a page says, tags left out."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
        return words(answer)

    def post(self, path: str, htmx: bool = False, **fields: Any) -> HttpResponse:
        answer: Any = self.client.post(path, fields, headers=HTMX if htmx else {})
        return answer

    def act(self, path: str, **fields: Any) -> HttpResponse:
        """Answers the question of a dialog with yes."""
        return self.post(path, _form_submitted="True", **fields)

    def follow(self, answer: HttpResponse) -> str:
        """What the page says to which an answer leads."""
        assert answer.status_code == 302, answer.content.decode()[:500]
        return self.page(answer.headers["Location"])


def member(role: str) -> Staff:
    """Somebody with one role and nothing else."""
    staff = Staff(role.lower())
    staff.user.groups.add(Group.objects.get(name=role))
    return staff


def held(role: str) -> set[str]:
    """What a role holds, as the table says."""
    return held_by(role, known_permissions())


def known_permissions() -> set[str]:
    stored = Permission.objects.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in stored}


def words(answer: HttpResponse) -> str:
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " ").split())


def waiting() -> list[tuple[str, dict[str, Any]]]:
    """The tasks that wait for a worker, with their arguments."""
    messages: Any = redis.call(lambda client: [one for name in queues.NAMES for one in client.lrange(name, 0, -1)])
    return [_task(json.loads(message)) for message in messages]


def job() -> Job:
    """The latest one."""
    return Job.objects.latest("pk")


def _task(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    _, arguments, _ = json.loads(base64.b64decode(message["body"]))
    return message["headers"]["task"].rsplit(".", 1)[1], arguments


def _named(may: tuple[str, ...]) -> Q:
    if may == ("view",):
        return Q(codename__startswith="view_", content_type__app_label__in=OURS)
    found = Q(pk=None)
    for app, name in (permission.split(".") for permission in may):
        found |= Q(content_type__app_label=app, codename=name)
    return found
