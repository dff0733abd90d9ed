"""The rows of rules on a placement's draft: one form for each rule, and an empty one for another."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog import item_names
from recommender.admin.rule_words import in_words
from recommender.merchandising.rules import (
    FIELDS,
    MOST_RULES,
    NEEDS,
    PIN,
    PROPERTIES,
    TITLES,
    UTC,
    Audience,
    Day,
    Hour,
    Rule,
    WrongRule,
)
from recsite.platform import database
from recsite.platform.suggesting import Kind, SuggestingInput, lean
from recsite.platform.values import Integer, Number

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


HELP: Mapping[str, str] = {
    "item": "Its title, a part of the title that no other has, or its id. A pin doesn't reach users who have seen or "
    "disliked it: Events, Event types says after which events an item counts as seen.",
    "filter": 'Which items it is about, such as category == "Poetry" and price < 20, or tags == "sea".',
    "audience": 'Only for users of whom this is true, such as user.country == "AT". Empty: everybody.',
    "context": 'Only where this is true of the item that is looked at, such as viewed.category == "Poetry".',
    "factor": "By 2, an item at position 10 moves as if to 5; buried, as if to 20.",
}
"""What the form says in place of the description of a field."""

SAYS_NOTHING = frozenset({"order", "does", "time_zone"})
"""Fields that alone make no rule."""

_NAMED_FILE = re.compile(r" ?\(docs/\w+\.md\)")


class RuleForm(forms.Form):
    """Edit one rule. A stored one that is to do nothing is removed."""

    order = forms.IntegerField(label="Order", required=False, widget=UnfoldAdminIntegerFieldWidget)

    def __init__(self, number: int, rule: Rule | None, data: Any = None) -> None:
        initial = {"order": number, "time_zone": UTC, **(rule.as_json() if rule else {})}
        super().__init__(data, initial=initial, prefix=f"rule-{number}")
        self.number, self.rule = number, rule
        self.made: Rule | None = None
        for name in FIELDS:
            self.fields[name] = _field(name)
        lean(self.fields)

    @property
    def words(self) -> str:
        """Return what the row says in plain words; nothing where it says nothing, or makes no sense yet."""
        rule = self.made if self.is_bound else self.rule
        return in_words(rule) if rule else ""

    @property
    def is_empty(self) -> bool:
        return not self["does"].value()

    def clean(self) -> dict[str, Any]:
        """Check the row as the API checks a rule; each sentence stands at its field. `made` is the rule."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        given = {name: found[name] for name in FIELDS if found.get(name) not in ("", None)}
        if not found.get("does"):
            if self.rule is None and given.keys() - SAYS_NOTHING and "does" not in self.errors:
                self.add_error("does", "Choose what the rule does, or empty the other fields of this row.")
        elif not self.errors:
            try:
                self.made = Rule.read(given | self._item(given))
            except WrongRule as wrong:
                for name, said in wrong.errors.items():
                    self.add_error(name, said)
        return found

    def sentences(self) -> list[str]:
        """Return what is wrong with the row, each with its number and the label of the field."""
        errors = {name: " ".join(map(str, said)) for name, said in self.errors.items()}
        return [f"Rule {self.number}: {self.fields[name].label}: {said}" for name, said in errors.items()]

    def _item(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the id of the item to pin, where a title was given. Raises WrongRule where several items have it.

        What is no item's stays as it is: it may come later, and the draft warns of it. So does what is stored.
        """
        text = given.get("item", "")
        if given["does"] != PIN or not text or (self.rule and self.rule.item == text):
            return {}
        found = database.ask(lambda: item_names.named(text))
        if len(found) > 1:
            raise WrongRule({"item": f"Several items have this title: {item_names.told(found)}. Give the id of one."})
        item = found[0] if found else database.ask(lambda: item_names.with_part(text))
        return {"item": item.item_id} if item else {}


class RuleRows:
    """Hold the rows of a form, those of the stored rules or those that were sent."""

    takes = json.dumps({does: list(names) for does, names in NEEDS.items()})
    """The fields that each verb takes, for the script that hides the others."""

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

    def sentences(self) -> list[str]:
        """Return what is wrong with the rows, in their order."""
        return [said for form in self.forms if form.is_bound for said in form.sentences()]

    def read(self) -> list[dict[str, Any]]:
        """Return the rules in their order, as a draft stores them; those of rows that are wrong are left out."""
        if not self.are_sent:
            return [rule.as_json() for rule in self._rules]
        valid = [form for form in self.forms if form.is_valid() and form.made]
        found = [(form.cleaned_data.get("order") or form.number, form.made) for form in valid]
        return [rule.as_json() for _, rule in sorted(found, key=lambda one: one[0]) if rule]


def without_files(description: str) -> str:
    """Return the description of a field as a form says it: whoever reads it there has no files."""
    return _NAMED_FILE.sub("", description.replace("`", ""))


def _field(name: str) -> forms.Field:
    one = FIELDS[name]
    label = LABELS.get(name, name.replace("_", " ").capitalize())
    more: dict[str, Any] = {
        "label": label,
        "required": False,
        "help_text": HELP.get(name) or without_files(one.description),
    }
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
    is_filter = name == "filter" or isinstance(one.type, Audience)
    suggested = Kind.FILTER if is_filter else Kind.ITEM if name == "item" else None
    plain = UnfoldAdminTextInputWidget(attrs={"type": kind})
    widget = SuggestingInput(suggested) if suggested else plain
    return forms.CharField(max_length=2_000 if is_filter else 255, widget=widget, **more)
