"""Signing in leads to the admin, and failures leave a line in the log."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from recsite.platform import redis

pytestmark = pytest.mark.django_db


def test_signing_in_without_an_address_to_return_to_leads_to_the_admin(client: Client) -> None:
    User.objects.create_user("ada", password="correct horse", is_staff=True)
    answer = client.post("/admin/login/", {"username": "ada", "password": "correct horse"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(("name", "said"), [("ada", "ada"), ("my secret password!", "")])
def test_a_wrong_password_leaves_a_line(client: Client, caplog: pytest.LogCaptureFixture, name: str, said: str) -> None:
    client.post("/admin/login/", {"username": name, "password": "hunter2"}, REMOTE_ADDR="203.0.113.7")
    [record] = [record for record in caplog.records if record.name == "recsite.sign_in.failures"]
    assert record.levelno == logging.WARNING
    assert (vars(record)["account"], vars(record)["client"]) == (said, "203.0.113.7")
    assert "hunter2" not in str(vars(record))


def forget() -> None:
    """Attempts of earlier tests are counted too: they are the same for all processes."""
    names = redis.call(lambda client: list(client.scan_iter("limit:sign-in-*")))
    if names:
        redis.roundtrip(("DEL", *names))


@pytest.mark.parametrize("addresses", [["203.0.113.1"] * 4, [f"203.0.113.{n}" for n in range(4)]])
def test_wrong_passwords_for_one_name_are_slowed(client: Client, settings: Any, addresses: list[str]) -> None:
    forget()
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 3
    User.objects.create_user("ada", password="correct horse", is_staff=True)
    pages = [
        client.post("/admin/login/", {"username": name, "password": "wrong"}, REMOTE_ADDR=address).text
        for name, address in zip(("ada", "ADA", "ada", "ada"), addresses, strict=True)
    ]
    assert ["Too many wrong attempts. Try again in" in page for page in pages] == [False, False, False, True]
    right = client.post("/admin/login/", {"username": "ada", "password": "correct horse"})
    assert right.status_code == 200
    assert "Too many wrong attempts" in right.text
    forget()
    assert client.post("/admin/login/", {"username": "ada", "password": "correct horse"}).status_code == 302


def test_many_names_of_one_address_are_slowed_too(client: Client, settings: Any) -> None:
    forget()
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 1
    for n in range(4):
        page = client.post("/admin/login/", {"username": f"name-{n}", "password": "x"}, REMOTE_ADDR="203.0.113.8").text
        assert ("Too many wrong attempts" in page) == (n == 3)
    other = client.post("/admin/login/", {"username": "name-9", "password": "x"}, REMOTE_ADDR="203.0.113.9").text
    assert "Too many wrong attempts" not in other


def test_right_passwords_are_not_counted(client: Client, settings: Any) -> None:
    forget()
    settings.SIGN_IN_ATTEMPTS_PER_MINUTE = 1
    User.objects.create_user("ada", password="correct horse", is_staff=True)
    for _ in range(3):
        answer = client.post("/admin/login/", {"username": "ada", "password": "correct horse"})
        assert answer.status_code == 302


def test_one_fault_is_said_once(client: Client) -> None:
    page = client.post("/admin/login/", {"username": "ada", "password": "wrong"}).text
    assert page.count("Please enter the correct") == 1
    assert "Please correct the error" not in page
    assert "Log in" in page


def test_whoever_logs_out_reads_our_own_words(client: Client) -> None:
    client.force_login(User.objects.create_user("ada", is_staff=True))
    page = client.post("/admin/logout/").text
    assert "You are logged out" in page
    assert "Log in again" in page
    assert "quality time" not in page
