"""Pin, boost, bury or block one item at a placement until a day: the rule goes into the placement's draft."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from catalog import store
from catalog.expressions.properties import quoted
from catalog.models import Item
from recommender import merchandising
from recommender.admin.usual_placement import DAYS, busiest
from recommender.insight.item_totals import item_days
from recommender.merchandising.rules import BLOCK, BOOST, BURY, LARGEST_FACTOR, LAST_POSITION, PIN, Rule, WrongRule
from recommender.models import DEFAULT, Placement
from recommender.serving.rule_conflicts import conflicts
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid, UserFacingError

VERBS = {
    PIN: (
        "Pin",
        "It stands at the position that you choose, whatever else would stand there. A pin doesn't reach users who "
        "have seen or disliked the item. To let seen items come back, on all lists, switch “hides the item from lists” "
        "off at Events, Event types.",
    ),
    BOOST: ("Boost", "Where it is on a list, it moves further up: by a factor of 3 from position 9 to position 3."),
    BURY: ("Bury", "Where it is on a list, it moves further down: by a factor of 3 from position 3 to position 9."),
    BLOCK: ("Block", "It is not on the lists of this placement. Others may show it: to take it out of all, hide it."),
}
SUNDAY = 6


class DateInput(UnfoldAdminTextInputWidget):
    input_type = "date"


class ItemRuleForm(forms.Form):
    """Ask where, how and until when."""

    placement = forms.ChoiceField(widget=UnfoldAdminSelectWidget)
    position = forms.IntegerField(
        label="At position",
        min_value=1,
        max_value=LAST_POSITION,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    factor = forms.FloatField(
        label="By the factor",
        min_value=1,
        max_value=LARGEST_FACTOR,
        initial=3,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any"}),
    )
    ends = forms.DateField(
        label="Until",
        required=False,
        widget=DateInput,
        help_text="The last day, in UTC. Empty: until somebody takes the rule away.",
    )
    note = forms.CharField(
        label="Why (optional)",
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="For your colleagues, and in explanations.",
    )

    def __init__(self, does: str, item: Item, data: Any = None) -> None:
        self.does, self.item = does, item
        self.placements = {one.name: one for one in Placement.objects.select_related("live")}
        initial = {"placement": self._busiest(), "ends": _sunday(datetime.now(UTC).date())}
        super().__init__(data, initial=initial)
        names = sorted(self.placements, key=lambda name: (name != DEFAULT, name))
        kinds = {name: str(self.placements[name].get_kind_display()) for name in names}
        self.fields["placement"].choices = [(name, f"{name} ({kinds[name]})") for name in names]  # type: ignore[attr-defined]  # its own
        if does != PIN:
            del self.fields["position"]
        if does not in (BOOST, BURY):
            del self.fields["factor"]

    def _busiest(self) -> str:
        """Return the placement that is meant most likely: which shows the item most, else which shows most of all."""
        of_it: Counter[str] = Counter()
        for one in item_days(self.item.pk, DAYS):
            of_it[one.placement] += one.shown
        return busiest(self.placements, of_it)

    def clean(self) -> dict[str, Any]:
        """Make the rule, which says itself what is wrong with it."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        about = (
            {"item": self.item.item_id} if self.does == PIN else {"filter": f"item_id == {quoted(self.item.item_id)}"}
        )
        values = {name: found.get(name) for name in ("position", "factor") if name in self.fields}
        ends = found["ends"].isoformat() if found.get("ends") else None
        if found.get("ends") and found["ends"] < datetime.now(UTC).date():
            self.add_error("ends", "This day is over.")
        if not self.errors:
            try:
                self.rule = Rule.read(
                    {"does": self.does, **about, **values, "ends": ends, "note": found.get("note") or None}
                )
            except WrongRule as wrong:
                for name, sentence in wrong.errors.items():
                    self.add_error(name if name in self.fields else None, sentence)
        return found


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(("catalog.view_item", "recommender.change_placement"), raise_exception=True)
def item_rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the rule; by POST put it into the draft of the placement, and go on to publishing it where asked to."""
    item, does = open_item(pk), request.GET.get("does", PIN)
    if does not in VERBS:
        raise Http404(f"An item is pinned, boosted, buried or blocked: ?does={' or '.join(VERBS)}.")
    form = ItemRuleForm(does, item, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            return _added(request, form)
        except UserFacingError as error:
            form.add_error(None, " ".join(error.errors.values()) if isinstance(error, Invalid) else str(error))
    name, explained = VERBS[does]
    return _page(request, item, "rule", {"form": form, "verb": name, "explained": explained})


def _added(request: HttpRequest, form: ItemRuleForm) -> HttpResponse:
    placement = form.placements[form.cleaned_data["placement"]]
    held = merchandising.add_rule(placement, form.rule, actor=Actor.staff(request))
    if held.draft is None:
        messages.info(request, f"{held.name} says so already: {form.rule}.")
        return redirect("item-page", form.item.pk)
    for sentence in conflicts(held.kind, merchandising.ListSettings.stored(held.draft)):
        messages.warning(request, sentence)
    if "publish" in request.POST:
        return redirect("admin:placement-publish", held.pk)
    messages.success(request, f"The rule is in the draft of {held.name}: {form.rule}. Nothing is published yet.")
    return redirect("admin:placement-draft", held.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(("catalog.view_item", "catalog.change_item"), raise_exception=True)
def availability(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before an item is hidden from all lists, or shown again; do it by POST. Sent twice it is done once."""
    item = open_item(pk)
    if request.method != "POST":
        return _page(request, item, "availability", {})
    is_shown = request.POST.get("show") == "yes"
    changed = store.set_available(Item.objects.filter(pk=pk), is_shown, actor=Actor.staff(request))
    if changed:
        said = "shown again: lists may hold it" if is_shown else "hidden: no list holds it"
        messages.success(request, f"{item.title} is {said} within two seconds.")
    else:
        messages.info(request, f"{item.title} is {'shown' if is_shown else 'hidden'} already.")
    return redirect("item-page", pk)


def open_item(pk: int) -> Item:
    """Return the item. Raises Http404 with a sentence."""
    found = Item.objects.filter(pk=pk).first()
    if found is None:
        raise Http404("There is no such item: it was deleted. Items has those that there are.")
    return found


def _page(request: HttpRequest, item: Item, name: str, context: dict[str, Any]) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": str(item), "opts": item._meta, "original": item, "item": item}
    return TemplateResponse(request, f"admin/recommender/item/{name}.html", frame | context)


def _sunday(today: date) -> date:
    """Return the Sunday that comes next."""
    return today + timedelta(days=(SUNDAY - today.weekday()) or 7)
