"""What Prometheus is told to watch: the files that are shipped are what the settings say, and each alert is proved."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from recsite import alert_rules
from recsite.local.paths import PROJECT
from recsite.management.commands.alert_rules import document
from tests.test_documents import anchors

FOLDER = PROJECT / "deploy" / "prometheus"
RULES, CASES = FOLDER / "rules" / "recsite.yml", FOLDER / "tests" / "recsite.yml"
ANEW = "make it anew: manage.py alert_rules > deploy/prometheus/rules/recsite.yml, and with --operator the other file"
needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool isn't installed (Debian: prometheus)"
)


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = ["promtool", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def shipped() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_the_shipped_files_are_what_the_settings_say() -> None:
    assert RULES.read_text() == document(operator=False), ANEW
    assert (FOLDER / "prometheus-rule.yaml").read_text() == document(operator=True), ANEW


def test_limits_are_those_of_the_console(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    settings.ALERT_ERROR_SHARE, settings.ALERT_P95_MS, settings.ALERT_LAG = 0.5, 750, 0
    call_command("alert_rules", runbook="https://runbooks.example.com/recsite")
    found = {
        rule.get("alert"): rule
        for group in yaml.safe_load(capsys.readouterr().out)["groups"]
        for rule in group["rules"]
    }
    assert "> 0.5 and" in found["ErrorRate"]["expr"]
    assert "> 0.75 and" in found["SlowLists"]["expr"]
    assert "KafkaLag" not in found, "0 switches an alert off."
    assert found["SiteDown"]["annotations"]["runbook_url"] == "https://runbooks.example.com/recsite#site-is-down"


@needs_promtool
def test_the_rules_are_well_formed() -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@needs_promtool
def test_each_alert_fires_and_is_silent_when_it_should() -> None:
    tested = promtool("test", "rules", CASES)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    cases = {case["name"]: case for case in yaml.safe_load(CASES.read_text())["tests"][:-1]}
    assert set(cases) == {rule["alert"] for rule in shipped() if "alert" in rule}
    for name, case in cases.items():
        early, late = case["promql_expr_test"]
        assert f'alertname="{name}"' in early["expr"] == late["expr"]
        assert early["exp_samples"] == []
        told = {re.findall(r'namespace="(\w+)"', sample["labels"])[0] for sample in late["exp_samples"]}
        others = set(re.findall(r'namespace=\\?"(\w+)\\?"', str(case["input_series"]))) - told
        assert told, name
        assert others, f"{name}: nobody in the case stays silent."


def test_each_alert_has_words_and_a_page_of_the_runbook() -> None:
    headings = anchors(PROJECT / "docs" / "TROUBLESHOOTING.md")
    for rule in shipped():
        if "alert" not in rule:
            continue
        about = rule["annotations"]
        assert about["summary"]
        assert about["description"].endswith(".")
        page, _, heading = about["runbook_url"].partition("#")
        assert page == alert_rules.RUNBOOK
        assert heading in headings, f"{rule['alert']}: docs/TROUBLESHOOTING.md has no heading {heading!r}."
        assert rule["labels"]["severity"] in ("critical", "warning")


def test_what_is_scraped_has_the_labels_that_the_rules_read() -> None:
    scraped = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    ours = [config for config in scraped if config["job_name"].startswith("recsite")]
    fixed = {
        labels["role"] for config in ours for static in config.get("static_configs", []) if (labels := static["labels"])
    }
    looked_up = [
        rule for config in ours for rule in config.get("relabel_configs", []) if rule["target_label"] == "role"
    ]
    assert "web" in fixed
    assert looked_up, "All the other roles are found by their names."
