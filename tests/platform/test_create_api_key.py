"""manage.py create_api_key prints the key and nothing else on standard output."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from recsite.platform import keys
from recsite.platform.access import DEFAULT_SCOPES
from recsite.platform.models import ApiKey, AuditEntry

pytestmark = pytest.mark.django_db


def test_it_prints_a_key_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "web shop")
    said = capsys.readouterr()
    assert re.fullmatch(r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}\n", said.out)
    prefix = said.out.partition(".")[0]
    assert keys.caller_of(said.out.rstrip("\n")) == keys.Caller("web shop", prefix, frozenset(DEFAULT_SCOPES))
    assert "Keep it now" in said.err


def test_a_key_may_expire() -> None:
    call_command("create_api_key", "web shop", "--expires-in", "30")
    expiry = ApiKey.objects.get().expiry_date
    assert expiry is not None
    left = expiry - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_scopes_owner_and_limit_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "trainer", "--scopes", "operate, read", "--owner", "Ada", "--rate-limit", "0")
    caller = keys.caller_of(capsys.readouterr().out.strip())
    assert caller
    assert (caller.scopes, caller.rate_limit) == (frozenset({"read", "operate"}), 0)
    assert ApiKey.objects.get().owner == "Ada"
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.actor, entry.verb) == ("command", "create_api_key", "key.create")


def test_a_key_is_rotated_with_an_overlap(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "web shop", "--scopes", "read")
    old = capsys.readouterr().out.strip()
    call_command("create_api_key", "--rotate", old, "--overlap-hours", "1")
    new = capsys.readouterr().out.strip()
    assert new != old
    keys.forget()
    assert keys.caller_of(old)
    caller = keys.caller_of(new)
    assert caller
    assert (caller.name, caller.scopes) == ("web shop", frozenset({"read"}))
    expiry = ApiKey.objects.get(prefix=old.partition(".")[0]).expiry_date
    assert expiry is not None
    assert expiry - timezone.now() <= timedelta(hours=1)


def test_an_overlap_has_an_end(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "web shop")
    with pytest.raises(CommandError, match=r"From 0 to 2,160 hours are possible\."):
        call_command("create_api_key", "--rotate", capsys.readouterr().out[:8], "--overlap-hours", "2161")
    assert ApiKey.objects.get().expiry_date is None


def test_a_browser_key_is_told_by_its_prefix(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "pages", "--browser", "https://shop.example")
    said = capsys.readouterr()
    assert re.fullmatch(r"pub[A-Za-z0-9]{5}\.[A-Za-z0-9]{32}\n", said.out)
    assert "Web pages send the part before the dot" in said.err
    assert ApiKey.objects.get().origins == ["https://shop.example"]


def test_scopes_narrow_a_browser_key(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "pages", "--browser", "https://shop.example", "--scopes", "read")
    assert ApiKey.objects.get().scopes == ["read"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["  "], "Give the key a name of 1 to 50 characters."),
        (["x" * 51], "Give the key a name of 1 to 50 characters."),
        ([], "Give either the name of a new key, or --rotate"),
        (["shop", "--rotate", "abcdefgh"], "Give either the name of a new key, or --rotate"),
        (["--rotate", "abcdefgh"], "There is no key 'abcdefgh'."),
        (["shop", "--scopes", "read,admin"], "Choose one or more of read, write, operate, erase."),
        (["shop", "--scopes", ","], "Choose one or more of read, write, operate, erase."),
        (["shop", "--browser", "shop.example"], "An origin is a scheme and a host"),
        (
            ["shop", "--browser", "https://a.example", "--scopes", "erase"],
            "A browser key may have read and write alone.",
        ),
        (["shop", "--overlap-hours", "1"], "--overlap-hours belongs to --rotate"),
        (["--rotate", "abcdefgh", "--scopes", "read", "--owner", "Ada"], "so --scopes and --owner would say nothing"),
        (["--rotate", "abcdefgh", "--expires-in", "9"], "so --expires-in would say nothing"),
        (["--rotate", "abcdefgh", "--rate-limit", "0"], "so --rate-limit would say nothing"),
        (["--rotate", "abcdefgh", "--browser", "https://a.example"], "so --browser would say nothing"),
        (["shop", "--expires-in", "0"], "--expires-in must be between 1 and 36500 days."),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()
