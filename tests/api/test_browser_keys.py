"""Browser keys: from their origins, for the user whom a signed token names, events and lists, and nothing else."""

import base64
import hashlib
import hmac
import json
import time
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client

from interactions.models import Interaction
from recsite.permissions import API_ACCESS
from recsite.platform import issuing, keys, user_tokens
from recsite.platform.audit import SYSTEM
from recsite.platform.issuing import KeySettings
from recsite.platform.models import ApiKey
from tests.api.test_access import ENTRIES, REQUESTS
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
ORIGIN, STRANGER = "https://shop.example", "https://elsewhere.example"
LIST = "/api/v1/recommendations/users/ada"
EVENTS = "/api/v1/interactions"
VIEW = {"user_id": "ada", "item_id": "novel-1", "type": "view"}
LATER = 4_102_444_800


@pytest.fixture(autouse=True)
def no_keys_remembered() -> None:
    keys.forget()


class Page:
    """A web page of a shop, whose server has signed a token for its user."""

    def __init__(self, user_id: str = "ada", origin: str = ORIGIN, expires: int = LATER, **asked: Any) -> None:
        self.key, text = issuing.create(KeySettings("pages", is_browser=True, origins=[ORIGIN], **asked), SYSTEM)
        self.prefix, _, self.secret = text.partition(".")
        self.headers = {
            "Authorization": f"Api-Key {self.prefix}",
            "Origin": origin,
            "X-User-Token": user_tokens.make(self.secret, user_id, expires),
        }

    def get(self, path: str = LIST, **headers: Any) -> Any:
        return Client().get(path, headers=self._with(headers))

    def post(self, body: Any, path: str = EVENTS) -> Any:
        return Client().post(path, json.dumps(body), "application/json", headers=self.headers)

    def ask(self, entry: tuple[str, str]) -> int:
        path, body = REQUESTS[entry]
        sent = "" if body is None else json.dumps(body)
        asked: Any = Client().generic(entry[1], f"/api/v1/{path}", sent, "application/json", headers=self.headers)
        return int(asked.status_code)

    def _with(self, headers: dict[str, Any]) -> dict[str, str]:
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        return {name: value for name, value in {**self.headers, **changed}.items() if value is not None}


def message(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.content
    return str(answer.json()["error"]["message"])


def test_the_list_of_its_user_can_be_read_by_the_page(shop: Shop) -> None:
    answer = Page().get()
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in answer["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "X-RateLimit-Remaining" in answer["Access-Control-Expose-Headers"]


def test_events_of_its_user_are_taken(shop: Shop) -> None:
    page = Page()
    assert page.post(VIEW).status_code == 202
    assert page.post({"events": [VIEW, VIEW]}, f"{EVENTS}/bulk").status_code == 202
    assert Interaction.objects.filter(user__user_id="ada", type__name="view").exists()


def test_another_user_s_list_and_events_are_not(shop: Shop) -> None:
    page, before = Page(), Interaction.objects.count()
    other = {**VIEW, "user_id": "ben"}
    assert message(page.get("/api/v1/recommendations/users/ben"), 403) == "The user token names another user."
    assert message(page.post(other), 403) == "The user token names another user."
    assert message(page.post({"events": [VIEW, other]}, f"{EVENTS}/bulk"), 403) == "The user token names another user."
    assert Interaction.objects.count() == before


def test_ids_are_compared_as_they_are_stored(shop: Shop) -> None:
    page = Page(user_id="  zoe\u0308 ")
    assert page.get("/api/v1/recommendations/users/zo%C3%AB").status_code == 200
    assert page.post({**VIEW, "user_id": "zoe\u0308"}).status_code == 202


@pytest.mark.parametrize("entry", ENTRIES, ids="-".join)
def test_nothing_else_is_open_to_it(shop: Shop, entry: tuple[str, str]) -> None:
    may = API_ACCESS[entry[0]][entry[1]].browser is not None
    assert (Page().ask(entry) not in (401, 403)) == may


def test_what_may_be_asked_is_a_short_list() -> None:
    opened = {route for route, methods in API_ACCESS.items() if any(need.browser for need in methods.values())}
    assert opened == {
        *("recommendations", "session", "popular", "latest", "trending", "similar", "together"),
        *("interactions", "interactions-bulk"),
    }


def test_it_needs_the_scope_as_well(shop: Shop) -> None:
    page = Page(scopes=["read"])
    assert page.get().status_code == 200
    assert "lacks the scope write" in message(page.post(VIEW), 403)


@pytest.mark.parametrize(
    ("headers", "status", "sentence"),
    [
        ({"X_User_Token": None}, 401, "A browser key needs the token of a user"),
        ({"X_User_Token": "abc"}, 401, "The user token is wrong"),
        ({"Origin": STRANGER}, 403, "bound to the origins of its pages"),
        ({"Origin": None}, 403, "bound to the origins of its pages"),
        ({"Origin": f"{ORIGIN}.elsewhere.example"}, 403, "bound to the origins of its pages"),
        ({"Authorization": "Api-Key pubAAAAA"}, 401, "The browser key is wrong, revoked or expired."),
    ],
)
def test_what_is_missing_or_wrong_is_said(shop: Shop, headers: dict[str, Any], status: int, sentence: str) -> None:
    assert sentence in message(Page().get(**headers), status)


def test_a_page_of_the_same_origin_is_known_by_its_referer(shop: Shop) -> None:
    page = Page()
    assert page.get(Origin=None, Referer=f"{ORIGIN}/books?x=1").status_code == 200
    assert page.get(Origin=None, Referer=f"{STRANGER}/").status_code == 403


def test_a_token_of_another_key_or_of_yesterday_is_refused(shop: Shop) -> None:
    page, other = Page(), Page()
    forged = user_tokens.make(other.secret, "ada", LATER)
    assert "The user token is wrong" in message(page.get(X_User_Token=forged), 401)
    assert "has expired" in message(Page(expires=int(time.time()) - 1).get(), 401)
    user, expiry, signature = page.headers["X-User-Token"].split(".")
    longer = f"{user}.{int(expiry) + 1}.{signature}"
    assert "The user token is wrong" in message(page.get(X_User_Token=longer), 401)


def test_the_whole_key_is_refused_so_that_nobody_puts_it_into_a_page(shop: Shop) -> None:
    page = Page()
    refused = page.get(Authorization=f"Api-Key {page.prefix}.{page.secret}")
    assert "the part after it stays on your server" in message(refused, 401)


def test_the_prefix_of_another_key_opens_nothing(shop: Shop) -> None:
    key, _ = ApiKey.objects.create_key(name="shop")
    assert Page().get(Authorization=f"Api-Key {key.prefix}").status_code == 401


def test_each_user_has_an_allowance_of_their_own(shop: Shop) -> None:
    page = Page(rate_limit=1)
    assert [page.get().status_code for _ in range(2)] == [200, 429]
    ben = user_tokens.make(page.secret, "ben", LATER)
    assert page.get("/api/v1/recommendations/users/ben", X_User_Token=ben).status_code == 200


def preflight(origin: str) -> Any:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-user-token",
    }
    return Client().options(EVENTS, headers=asked)


def test_a_browser_that_asks_first_is_answered(shop: Shop) -> None:
    Page()
    answer = preflight(ORIGIN)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in answer["Access-Control-Allow-Methods"]
    assert "X-User-Token" in answer["Access-Control-Allow-Headers"]


def test_a_stranger_gets_no_permission(shop: Shop) -> None:
    page = Page()
    _, server = ApiKey.objects.create_key(name="server")
    for answer in (
        preflight(STRANGER),
        page.get(Origin=STRANGER),
        # A key of a server has no business in a page, whatever the page.
        page.get("/api/v1/items", Authorization=f"Api-Key {server}"),
        Client().get("/api/v1/items", headers={"Origin": STRANGER, "Authorization": f"Api-Key {server}"}),
    ):
        assert not any(name.startswith("Access-Control") for name in answer.headers)


def test_errors_can_be_read_by_the_page(shop: Shop) -> None:
    page = Page()
    for answer in (page.get(X_User_Token="abc"), page.get("/api/v1/items"), page.get(f"{LIST}?limit=x")):
        assert answer.status_code >= 400
        assert answer["Access-Control-Allow-Origin"] == ORIGIN


def test_a_revoked_key_takes_its_origins_along(shop: Shop) -> None:
    page = Page()
    issuing.revoke(page.key, SYSTEM)
    assert "Access-Control-Allow-Origin" not in preflight(ORIGIN).headers
    assert page.get().status_code == 401


def test_the_token_is_what_the_docs_say() -> None:
    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{encoded('zoë/1'.encode())}.{LATER}"
    signature = hmac.new(b"s" * 32, signed.encode(), hashlib.sha256).digest()
    token = f"{signed}.{encoded(signature)}"
    assert user_tokens.make("s" * 32, "zoë/1", LATER) == token
    assert user_tokens.read("s" * 32, token, LATER - 1) == "zoë/1"


def test_events_of_a_page_are_judged_by_the_visitors_own_request(shop: Shop, settings: Any) -> None:
    page = Page()
    sent = {**VIEW, "context": {"source": "web"}}
    page.headers["User-Agent"] = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    assert page.post(sent).status_code == 202
    assert page.post({"events": [{**VIEW, "item_id": "novel-2"}]}, f"{EVENTS}/bulk").json()["accepted"] == 1
    assert page.post({**VIEW, "context": "web"}).status_code == 422
    page.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert page.post({**VIEW, "item_id": "novel-3"}).status_code == 202
    settings.STAFF_ADDRESSES = [ip_network("127.0.0.0/8")]
    assert page.post({**VIEW, "item_id": "novel-4"}).status_code == 202
    found = dict(Interaction.objects.filter(user__user_id="ada").values_list("item__item_id", "context"))
    assert found["novel-1"] == {"source": "web", "is_bot": True}
    assert found["novel-2"] == {"is_bot": True}
    assert not found["novel-3"]
    assert found["novel-4"] == {"is_staff": True}
