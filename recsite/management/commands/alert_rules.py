"""Print the rules for Prometheus, with the limits that this site's settings have."""

from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandParser

from recsite import alert_rules
from recsite.alert_rules import RUNBOOK

HEAD = "# Made by `manage.py alert_rules{}`; limits are those of the settings (ALERT_*). Make it anew, don't edit it.\n"


class Command(BaseCommand):
    help = "Print the recording and alerting rules for Prometheus, with the limits of this site's settings."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--operator", action="store_true", help="as a PrometheusRule, for the Prometheus Operator in Kubernetes"
        )

        parser.add_argument(
            "--runbook", default=RUNBOOK, metavar="URL", help="where those who are called find docs/TROUBLESHOOTING.md"
        )

    def handle(self, *args: Any, operator: bool, runbook: str, **options: Any) -> None:
        self.stdout.write(document(operator=operator, runbook=runbook), ending="")


def document(*, operator: bool, runbook: str = RUNBOOK) -> str:
    """Return the rules as YAML: a file of rules, or a PrometheusRule."""
    rules = alert_rules.rules(runbook)
    if operator:
        about = {"name": "recsite", "labels": {"app.kubernetes.io/name": "recsite"}}
        rules = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": about, "spec": rules}
    return HEAD.format(" --operator" if operator else "") + yaml.safe_dump(rules, sort_keys=False, width=120)
