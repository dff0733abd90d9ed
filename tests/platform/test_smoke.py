"""smoke: what is wrong at a site is a line of the table and the exit code, never a traceback."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from recsite import smoke
from recsite.local.server import free_port


def test_a_site_that_nobody_serves_fails_every_check() -> None:
    out = StringIO()
    with pytest.raises(CommandError, match=f"^{len(smoke.CHECKS) - 1} of {len(smoke.CHECKS)} checks failed.$"):
        call_command("smoke", f"http://127.0.0.1:{free_port()}", stdout=out)
    assert "nobody answers: [Errno 111] Connection refused" in out.getvalue()


def test_an_address_without_a_scheme_is_a_sentence() -> None:
    with pytest.raises(CommandError, match=r"^recs\.example\.com is no address: it begins with https:// or http://\.$"):
        call_command("smoke", "recs.example.com")


@pytest.mark.parametrize(
    ("check", "answer", "sentence"),
    [
        ("ping", smoke.Answer(200, {}, '{"status": "fine"}'), "something else answers there than recsite"),
        ("ready", smoke.Answer(503, {}, ""), "503 came, 200 was expected"),
        ("health", smoke.Answer(200, {}, "<html>"), "the answer is no JSON"),
        ("a list", smoke.Answer(200, {}, '{"items": []}'), "the list is empty: is there a catalogue?"),
        ("sign-in", smoke.Answer(200, {}, "Welcome to nginx!"), "the page has no form"),
        ("static file", smoke.Answer(200, {}, "Welcome to nginx!"), "the sign-in page names no style sheet"),
        (
            "headers",
            smoke.Answer(200, {"x-frame-options": "DENY"}, ""),
            "Content-Security-Policy, X-Content-Type-Options",
        ),
    ],
)
def test_each_check_can_fail(monkeypatch: pytest.MonkeyPatch, check: str, answer: smoke.Answer, sentence: str) -> None:
    monkeypatch.setattr(smoke, "ask", lambda *_: answer)
    with pytest.raises(smoke.Failed) as failed:
        smoke.CHECKS[check](smoke.Site("https://recs.example.com", "key"))
    assert str(failed.value).startswith(sentence)
