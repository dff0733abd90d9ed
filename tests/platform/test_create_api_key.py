"""manage.py create_api_key prints the key and nothing else on standard output."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recsite.platform import keys
from recsite.platform.models import ApiKey

pytestmark = pytest.mark.django_db


def test_it_prints_a_key_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "web shop")
    said = capsys.readouterr()
    assert keys.caller_of(said.out.rstrip("\n")) == keys.Caller("web shop", said.out.partition(".")[0])
    assert "Keep it now" in said.err


def test_a_key_may_expire() -> None:
    call_command("create_api_key", "web shop", "--expires-in", "30")
    expiry = ApiKey.objects.get().expiry_date
    assert expiry is not None
    left = expiry - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["  "], "Give the key a name of 1 to 50 characters."),
        (["x" * 51], "Give the key a name of 1 to 50 characters."),
        (["shop", "--expires-in", "0"], "--expires-in must be between 1 and 36500 days."),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()
