"""The pages of experiments: the form of a draft, the result in words with its chart, and the buttons."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods, require_POST

from recommender import tasks
from recommender.admin import experiment_words
from recommender.admin.experiment_charts import charts_of
from recommender.admin.experiment_forms import ExperimentForm, ShipForm
from recommender.engine.experiments import words
from recommender.engine.experiments.checks import GuardrailState
from recommender.engine.experiments.comparisons import Comparison
from recommender.insight.experiments import answers, results, verbs
from recommender.insight.experiments.definition import Definition
from recommender.insight.experiments.metrics import METRICS
from recommender.insight.experiments.servable import same_as_live, unservable
from recommender.models import Experiment
from recommender.models.experiment import INTERLEAVED
from recommender.operations import experiments as shipping
from recommender.serving.audience_sizes import audience_sizes
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid, UserFacingError
from recsite.platform.histogram import quantile
from recsite.platform.humanize import EMPTY

ADD, CHANGE, OPERATE = "recommender.add_experiment", "recommender.change_experiment", "recommender.operate"
PAGE = "admin:recommender_experiment_change"
State = Experiment.State
STEPS: Mapping[str, tuple[str, ...]] = {
    State.DRAFT: ("start", "archive"),
    State.RUNNING: ("pause", "stop"),
    State.PAUSED: ("start", "stop"),
    State.STOPPED: ("archive",),
}
TO_BE_SHOWN = (State.DRAFT, State.RUNNING, State.PAUSED)
GUARDRAILS = {
    GuardrailState.HOLDS: "holds",
    GuardrailState.OPEN: "is not sure to hold yet",
    GuardrailState.BROKEN: "is broken",
}
UNITS = {kind.label: kind.unit for kind in METRICS.values()}
BY_TEAM = "lists won by clicks"
DONE = {"start": "runs", "pause": "is paused", "stop": "is stopped", "archive": "is archived"}


def result(request: HttpRequest, experiment: Experiment) -> HttpResponse:
    """Show what an experiment compares and what it shows now."""
    found = results.result_of(experiment)
    names = [one.name for one in experiment.variants.all()]
    ratio = found.reading.sample_ratio if found.reading else None
    mismatch = ratio is not None and not ratio.passed
    times = answers.durations(experiment)
    may_change, is_interleaved = request.user.has_perm(CHANGE), experiment.kind == Experiment.Kind.INTERLEAVING
    is_done = experiment.shipped or experiment.kind == Experiment.Kind.AA
    shippable = experiment.state in shipping.SHIPPABLE and not is_done
    asks_audience = experiment.audience and experiment.state in TO_BE_SHOWN
    ship_form = ShipForm(names, found.winner) if shippable and request.user.has_perm(OPERATE) else None
    context = {
        "experiment": experiment,
        "found": found,
        "metric": BY_TEAM if is_interleaved else METRICS[experiment.primary_metric].label,
        "is_interleaved": is_interleaved,
        "unservable": unservable(Definition.of(experiment)) if experiment.state in TO_BE_SHOWN else [],
        "same": same_as_live(Definition.of(experiment)) if experiment.state in TO_BE_SHOWN else [],
        "preferred": words.span(found.preference) if found.preference else "",
        "variants": [
            {
                "row": one,
                "changes": experiment_words.changes_of(one),
                "users": found.users.get(one.name, 0),
                "due": ratio.expected[one.name] if ratio else None,
                "within": _milliseconds(times.get(INTERLEAVED if is_interleaved else one.name, [])),
            }
            for one in experiment.variants.all()
        ],
        # Where users are not split as planned, no number means anything, so none is shown.
        "mismatch": mismatch,
        "comparisons": [] if mismatch else [_line(role, one) for role, one in results.comparisons_of(found)],
        "charts": [chart for name in names[1:] if found.days for chart in charts_of(name, found) if not mismatch],
        "audience": audience_sizes([experiment.audience])[0] if asks_audience else None,
        "steps": STEPS.get(experiment.state, ()) if may_change else (),
        "may_edit": may_change and experiment.state == State.DRAFT,
        "ship_form": ship_form,
    }
    return _page(request, experiment.key, "result", context, experiment)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Define a new experiment."""
    _needs(request, ADD)
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Define a draft anew."""
    _needs(request, CHANGE)
    return _edit(request, _experiment(pk))


@require_POST
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Start, pause, stop or archive it. Sent twice, it is done once."""
    _needs(request, CHANGE)
    experiment, verb = _experiment(pk), request.POST.get("verb", "")
    if verb not in verbs.VERBS:
        raise Http404("The form is not whole. Go back, and reload the page.")
    # What is started is what was seen.
    version = request.POST.get("version", "")
    seen = {"seen": int(version)} if verb == "start" and version.isdecimal() else {}
    try:
        verbs.VERBS[verb](experiment, **seen, actor=Actor.staff(request))
    except UserFacingError as error:
        messages.warning(request, _said(error))
    else:
        messages.success(request, f"{experiment.key} {DONE[verb]}: everywhere within two seconds.")
    return redirect(PAGE, pk)


@require_POST
def ship(request: HttpRequest, pk: int) -> HttpResponse:
    """Give everybody a variant, and stop the experiment."""
    _needs(request, OPERATE)
    experiment = _experiment(pk)
    sent = (request.POST.get(name, "") for name in ("variant", "reason"))
    try:
        shipped = shipping.ship(experiment, *sent, by=_account(request), actor=Actor.staff(request))
    except UserFacingError as error:
        messages.warning(request, _said(error))
        return redirect(PAGE, pk)
    if shipped.is_release:
        tasks.warm_soon()
    messages.success(request, f"{shipped.variant} is shipped. {shipped.sentence}")
    return redirect(PAGE, pk)


PAGES: Mapping[str, Callable[..., HttpResponse]] = {"edit": edit, "step": step, "ship": ship}
"""By the last part of their addresses, behind the experiment's number."""


def _edit(request: HttpRequest, experiment: Experiment | None) -> HttpResponse:
    form = ExperimentForm(experiment, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        actor = Actor.staff(request)
        try:
            if experiment:
                made = verbs.change(experiment, form.body, seen=form.cleaned_data["version"], actor=actor)
            else:
                made = verbs.create(form.body, actor=actor)
        except verbs.StaleExperiment as stale:
            return _stale_page(request, form, stale)
        except UserFacingError as error:
            form.add_error(None, _said(error))
        else:
            messages.success(request, f"The draft of {made.key} is saved. Nothing is shown before you start it.")
            return redirect(PAGE, made.pk)
    title = experiment.key if experiment else "New experiment"
    return _page(request, title, "form", {"form": form, "experiment": experiment}, experiment)


def _stale_page(request: HttpRequest, form: ExperimentForm, stale: verbs.StaleExperiment) -> HttpResponse:
    """Show both, the form as it was sent and what is stored now: saving again takes the place of the latter."""
    held = verbs.find(stale.experiment.key)
    form.data = {**form.data.dict(), "version": str(held.version)}  # type: ignore[attr-defined]  # a browser's
    stored, sent = (experiment_words.lines_of(one) for one in (Definition.of(held), Definition.read(form.body)))
    theirs = [
        {"label": label, "before": stored.get(label, EMPTY), "after": sent.get(label, EMPTY)}
        for label in dict.fromkeys((*stored, *sent))
        if stored.get(label) != sent.get(label)
    ]
    context = {"form": form, "experiment": held, "stale": str(stale.errors["version"]), "theirs": theirs}
    page = _page(request, held.key, "form", context, held)
    page.status_code = 409
    return page


def _needs(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied(f"Your account lacks the permission {permission}.")


def _account(request: HttpRequest) -> Any:
    return request.user


def _experiment(pk: int) -> Experiment:
    found = Experiment.objects.prefetch_related("variants").filter(pk=pk).first()
    if found is None:
        raise Http404("This experiment was deleted. The list of experiments has those that there are.")
    return found


def _said(error: UserFacingError) -> str:
    return " ".join(error.errors.values()) if isinstance(error, Invalid) else str(error)


def _line(role: str, one: Comparison) -> dict[str, Any]:
    """Return a comparison in words."""
    lift, margin, unit = one.lift, one.metric.margin, UNITS.get(one.metric.name, "")
    return {
        "role": role,
        "metric": one.metric.name,
        "variant": one.variant,
        "control_value": _value(float(one.effect.control), unit),
        "variant_value": _value(float(one.effect.variant), unit),
        "lift": f"{lift.estimate:+.1%}" if math.isfinite(lift.estimate) else EMPTY,
        "span": _span(one),
        "guardrail": one.guardrail and GUARDRAILS[one.guardrail],
        "margin": f"{margin:.3g} more" if margin and one.metric.absolute else f"{words.share(margin or 0)} worse",
    }


def _span(one: Comparison) -> str:
    """Return where the change surely lies; of a metric that may be 0 in its own unit."""
    if not one.readable:
        return "too few yet"
    return f"{one.difference.low:+.3g} to {one.difference.high:+.3g}" if one.metric.absolute else words.span(one.lift)


def _milliseconds(buckets: Sequence[int]) -> str:
    seconds = quantile(buckets, 0.95)
    return EMPTY if seconds is None else f"{1_000 * seconds:,.3g} ms"


def _value(number: float, unit: str) -> str:
    return f"{number:.4g} {unit}".strip() if math.isfinite(number) else EMPTY


def _page(
    request: HttpRequest, title: str, name: str, context: dict[str, Any], experiment: Experiment | None
) -> HttpResponse:
    frame = {
        **admin.site.each_context(request),
        "title": title,
        "opts": Experiment._meta,
        "original": experiment,
    }
    return TemplateResponse(request, f"admin/recommender/experiment/{name}.html", frame | context)
