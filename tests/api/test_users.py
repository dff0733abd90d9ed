"""GET /users and /users/{user_id}."""

from datetime import datetime

from tests import factories
from tests.api.clients import ApiClient, details


def test_a_user_is_read_by_their_own_id(api: ApiClient) -> None:
    factories.person("ada", preferences={"categories": ["Poetry"]}, demographics={"age": 36})
    found = api.get("users/ada").json()
    assert found["user_id"] == "ada"
    assert found["preferences"] == {"categories": ["Poetry"]}
    assert found["demographics"] == {"age": 36}
    assert found["last_active"] is None
    assert "id" not in found


def test_a_user_tells_since_when_they_are_out_and_a_body_does_not_change_it(api: ApiClient) -> None:
    factories.person("ada")
    assert api.get("users/ada").json()["opted_out_at"] is None
    since = datetime.fromisoformat(api.post("users/ada/opt-out", {}).json()["opted_out_at"])
    told = api.get("users/ada").json()
    listed = api.get("users").json()["users"][0]
    put = api.put("users/ada", {**told, "opted_out_at": None}).json()
    assert {datetime.fromisoformat(one["opted_out_at"]) for one in (told, listed, put)} == {since}


def test_an_unknown_user_is_not_found(api: ApiClient) -> None:
    answer = api.get("users/nobody")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no user 'nobody'.")


def test_pages_show_every_user_once(api: ApiClient) -> None:
    factories.ada(), factories.ben(), factories.cleo()
    first = api.get("users", limit=2).json()
    second = api.get("users", limit=2, cursor=first["next_cursor"]).json()
    assert [user["user_id"] for user in first["users"] + second["users"]] == ["ada", "ben", "cleo"]
    assert second["next_cursor"] is None


def test_a_misspelt_parameter_is_an_error(api: ApiClient) -> None:
    assert details(api.get("users", pagesize=3)) == {
        "pagesize": "There is no such parameter. Known: active_since, cursor, limit."
    }
    assert details(api.get("users/ada", fields="all")).keys() == {"fields"}


def test_users_are_filtered_by_when_they_were_active(api: ApiClient) -> None:
    factories.person("ada", last_active=factories.NOON)
    factories.cleo()
    found = api.get("users", active_since="2026-05-01T11:59:59Z").json()["users"]
    assert [user["user_id"] for user in found] == ["ada"]
    assert api.get("users", active_since="2026-05-01T12:00:01Z").json()["users"] == []


def test_nobody_keeps_what_is_said_of_users(api: ApiClient) -> None:
    factories.ada()
    assert {api.get(path)["Cache-Control"] for path in ("users", "users/ada")} == {"private, no-store"}
