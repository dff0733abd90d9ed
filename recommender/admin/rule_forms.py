"""The rows of rules on a placement's draft: one form for each rule, and an empty one for another."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from recommender.merchandising.rules import FIELDS, MOST_RULES, PROPERTIES, TITLES, Audience, Day, Hour, Rule
from recsite.platform.values import Integer, Number, WrongValue

COUNT = "rule_rows"
"""The field that says how many rows a form has; without it the rules stay as they are."""

LABELS: Mapping[str, str] = {
    "does": "Then",
    "position": "At position",
    "factor": "By the factor",
    "count": "So many",
    "property": "Of each value of",
    "first": "In the first positions",
    "audience": "If the user is (audience)",
    "context": "If the viewed item is (context)",
    "starts": "First day",
    "ends": "Last day",
    "from_hour": "From",
    "until_hour": "Until before",
}


class RuleForm(forms.Form):
    """Edit one rule. A row that does nothing is no rule: so rules are removed, too."""

    order = forms.IntegerField(label="Order", required=False, widget=UnfoldAdminIntegerFieldWidget)

    def __init__(self, number: int, rule: Rule | None, data: Any = None) -> None:
        initial = {"order": number, "time_zone": "UTC", **(rule.as_json() if rule else {})}
        super().__init__(data, initial=initial, prefix=f"rule-{number}")
        self.number, self.rule = number, rule
        for name in FIELDS:
            self.fields[name] = _field(name)

    @property
    def is_empty(self) -> bool:
        return not self["does"].value()

    def read(self) -> Rule | None:
        """Return the rule of the row, None for an empty one. Raises WrongValue."""
        if not self.is_valid():
            raise WrongValue(" ".join(f"{name}: {' '.join(map(str, said))}" for name, said in self.errors.items()))
        if not self.cleaned_data["does"]:
            return None
        return Rule.read(
            {name: self.cleaned_data[name] for name in FIELDS if self.cleaned_data[name] not in ("", None)}
        )


class RuleRows:
    """Hold the rows of a form, those of the stored rules or those that were sent."""

    def __init__(self, rules: Sequence[Rule], data: Any = None) -> None:
        sent = str(data.get(COUNT, "")) if data else ""
        self.are_sent = sent.isdecimal()
        count = min(int(sent), MOST_RULES + 1) if self.are_sent else len(rules) + 1
        given = data if self.are_sent else None
        self._rules = rules
        self.forms = [
            RuleForm(number, rules[number - 1] if number <= len(rules) else None, given)
            for number in range(1, count + 1)
        ]

    def read(self) -> list[dict[str, Any]]:
        """Return the rules in their order, as a draft stores them. Raises WrongValue, which names the row."""
        if not self.are_sent:
            return [rule.as_json() for rule in self._rules]
        found = [(form.cleaned_data.get("order") or form.number, rule) for form, rule in self._read()]
        return [rule.as_json() for _, rule in sorted(found, key=lambda one: one[0])]

    def _read(self) -> Iterator[tuple[RuleForm, Rule]]:
        for form in self.forms:
            try:
                rule = form.read()
            except WrongValue as wrong:
                raise WrongValue(f"Rule {form.number}: {wrong}") from wrong
            if rule is not None:
                yield form, rule


def _field(name: str) -> forms.Field:
    one = FIELDS[name]
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    more: dict[str, Any] = {"label": label, "required": False, "help_text": one.description.replace("`", "")}
    if name == "does":
        choices = [("", "nothing: no rule"), *TITLES.items()]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **more)
    if name == "property":
        named = [("", "–"), *((one, one) for one in PROPERTIES)]
        return forms.ChoiceField(choices=named, widget=UnfoldAdminSelectWidget, **more)
    if isinstance(one.type, Integer):
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget, **more)
    if isinstance(one.type, Number):
        return forms.FloatField(widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}), **more)
    kind = "date" if isinstance(one.type, Day) else "time" if isinstance(one.type, Hour) else "text"
    longest = 2_000 if name == "filter" or isinstance(one.type, Audience) else 255
    return forms.CharField(max_length=longest, widget=UnfoldAdminTextInputWidget(attrs={"type": kind}), **more)
