"""Signing in leads to the admin, and failures leave a line in the log."""

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


def test_signing_in_without_an_address_to_return_to_leads_to_the_admin(client: Client) -> None:
    User.objects.create_user("ada", password="correct horse", is_staff=True)
    answer = client.post("/admin/login/", {"username": "ada", "password": "correct horse"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize(("name", "said"), [("ada", "ada"), ("my secret password!", "")])
def test_a_wrong_password_leaves_a_line(client: Client, caplog: pytest.LogCaptureFixture, name: str, said: str) -> None:
    client.post("/admin/login/", {"username": name, "password": "hunter2"}, REMOTE_ADDR="203.0.113.7")
    [record] = [record for record in caplog.records if record.name == "recsite.sign_in"]
    assert record.levelno == logging.WARNING
    assert (vars(record)["account"], vars(record)["client"]) == (said, "203.0.113.7")
    assert "hunter2" not in str(vars(record))
