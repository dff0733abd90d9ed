"""Ask staff before something happens. Each dialog states what will change, as of that moment."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from recommender import registry
from recommender.admin import live, measures
from recommender.models import ModelVersion, Release

COMPARED = {"rmse": "RMSE", "ndcg_at_10": "nDCG@10", "coverage_at_10": "coverage"}


class Confirmation(BaseDialogForm):
    """Show a dialog whose answer is a POST."""

    form_before_template = "admin/parts/consequences.html"

    def consequences(self) -> Iterable[str]:
        """Return what will change, in sentences."""
        return ()

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:
        return {"lines": self.consequences()}


class RollBack(Confirmation):
    """Ask before a roll-back. It carries the release that was live by then: a second click changes nothing more."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._live = registry.live_release()
        self.fields["seen"].initial = self._live and self._live.pk

    def consequences(self) -> Iterable[str]:
        if self._live is None:
            yield "No release is live, so there is nothing to roll back."
        elif self._live.replaced is None:
            yield f"{self._live} replaced no other release, so there is none to go back to."
        else:
            yield f"Served now: {self._live}, with {_bundle(self._live)}."
            yield f"Served again afterwards: {self._live.replaced}, with {_bundle(self._live.replaced)}."


class Promote(Confirmation):
    """Ask before a promotion, and for a reason where the quality gate has refused it."""

    reason = forms.CharField(
        label="Promote it all the same, because", max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refusals = self.refused()
        if not self.refusals:
            del self.fields["reason"]

    def refused(self) -> list[str]:
        """Return what the quality gate said against it."""
        raise NotImplementedError

    def consequences(self) -> Iterable[str]:
        yield from (f"The quality gate refused {said}" for said in self.refusals)


class PromoteVersion(Promote):
    def refused(self) -> list[str]:
        version = _found(ModelVersion, self.object_id)
        return [f"{version}: {version.verdict['sentence']}"] if version.is_refused else []

    def consequences(self) -> Iterable[str]:
        yield from super().consequences()
        version = _found(ModelVersion, self.object_id)
        if version.state != ModelVersion.State.READY:
            yield f"{version} is {version.get_state_display().lower()}, so it can't be served."
            return
        members = live.versions()
        beside = [str(other) for name, other in members.items() if name != version.algorithm]
        replaced = members.get(version.algorithm)
        yield f"Served afterwards: {version}" + (f", beside {', '.join(beside)}." if beside else ".")
        if replaced and replaced != version:
            yield f"It takes the place of {replaced}."
            yield from _compared(version, replaced)


class PromoteRelease(Promote):
    def refused(self) -> list[str]:
        return registry.refusals(_found(Release, self.object_id))

    def consequences(self) -> Iterable[str]:
        yield from super().consequences()
        release, live = _found(Release, self.object_id), registry.live_release()
        if live == release:
            yield f"{release} is live already."
            return
        yield f"Served afterwards: {release}, with {_bundle(release)}."
        if live:
            yield f"Served now: {live}, with {_bundle(live)}."


def _found(model: Any, pk: str | int | None) -> Any:
    found = model.objects.filter(pk=pk).first() if str(pk).isdecimal() else None
    if found is None:
        raise Http404(f"There is no {model._meta.verbose_name} {pk}.")
    return found


def _bundle(release: Release) -> str:
    return ", ".join(map(str, release.versions.order_by("algorithm"))) or "no models"


def _compared(version: ModelVersion, other: ModelVersion) -> Iterable[str]:
    for key, name in COMPARED.items():
        one, two = measures.value(version, key), measures.value(other, key)
        if one is not None and two is not None:
            yield f"{name}: {one:.3f}, against {two:.3f} of {other}."
