"""Pages of other projects' apps, in the look and the words of this admin."""

from copy import copy
from http import HTTPStatus
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django_celery_beat.admin import PeriodicTaskAdmin as BeatsTaskAdmin
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from kombu.exceptions import OperationalError
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from recsite.console import items as items
from recsite.console import schedule, schedule_form, timing
from recsite.console.schedule_form import ScheduleForm
from recsite.platform import audit, second_factor
from recsite.platform.audit import Actor
from recsite.platform.audited_admin import AuditedAdmin
from recsite.platform.console import dialog, leave_dialog
from recsite.platform.humanize import ago

admin.site.index_title = "Overview"

for model in (User, Group, ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)
# What signing in keeps is shown on the account, or is nobody's to see.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class RenamedAdmin(AuditedAdmin):
    """Show a model of another project under this product's name for it."""

    renamed: tuple[str, str]
    """Singular and plural."""

    def __init__(self, model: Any, admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        # The model's own options stay: a new name there would be a migration of an app that isn't ours.
        self.opts = copy(model._meta)
        self.opts.verbose_name, self.opts.verbose_name_plural = self.renamed


@admin.register(User)
class UserAdmin(DjangosUserAdmin, RenamedAdmin):
    """Show the accounts of staff, who sign in to the admin. A "user" is whom lists are made for."""

    renamed = ("staff account", "staff")
    audited_as, audited_by, untold = "staff", "username", ("password",)
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    actions_detail = ("remove_second_factor",)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Offer to take a second factor away where the account has one."""
        user = self.get_object(request, str(object_id)) if object_id else None
        return super().get_actions_detail(request, object_id) if user and second_factor.is_set_up(user) else []

    @action(
        description="Take the second factor away",
        permissions=["change"],
        dialog=dialog(
            "Take the second factor away?",
            "For somebody who has lost their phone. They sign in by password alone, until they set up another one.",
            "Take it away",
        ),
    )
    def remove_second_factor(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Let somebody in again who has lost their phone; with SECOND_FACTOR=required they set up another one."""
        user = self.get_object(request, str(object_id))
        if user and second_factor.remove(user, Actor.staff(request)):
            messages.success(request, f"{user.get_username()} signs in by password alone now.")
        return leave_dialog(request, "admin:auth_user_change", object_id)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002 - Django's
        """Record that somebody got another password, or none."""
        user = self.get_object(request, unquote(id))
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            if user and not User.objects.filter(pk=user.pk, password=user.password).exists():
                self.record(request, user, "set_password")
        return response


def own_password(request: HttpRequest) -> HttpResponse:
    """Let staff change their own password, and record that they did; the page is Django's."""
    with transaction.atomic():
        response: HttpResponse = admin.site.password_change(request)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            audit.record(Actor.staff(request), "staff.set_password", "staff", request.user.get_username())
    return response


@admin.register(Group)
class GroupAdmin(DjangosGroupAdmin, RenamedAdmin):
    """Show the roles of staff. Migrations make those of `recsite.roles`; what staff change in them stays."""

    renamed = ("role", "roles")
    audited_as, audited_by = "role", "name"
    empty = "Every role was deleted: add one, which is a set of permissions that staff share."


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatsTaskAdmin, RenamedAdmin):
    """The tasks that beat starts, and when. The settings fill a new database; what staff change afterwards stays.

    A task of the product that staff delete comes back switched off when beat starts. The library's own forms have
    calendars of the sun and times zones of a crontab; this one has plain words.
    """

    renamed = ("scheduled task", "scheduled tasks")
    audited_as, audited_by = "schedule", "name"
    empty = "Beat has not run yet: it writes its schedule here when it starts."
    form = ScheduleForm
    list_display = ("name", "enabled", "every", "last_run", "took", "next_run")
    list_filter = ("enabled",)
    search_fields = ("name",)
    list_select_related = ("interval", "crontab", "solar", "clocked")
    sortable_by = ()
    change_form_template = None
    inlines = ()
    actions = ("enable_tasks", "disable_tasks", "run_tasks")
    actions_detail = ("run_now",)

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        """Show what a task does; which one it is, is chosen when it is added."""
        if not self.has_change_permission(request, obj) and obj:
            return ((None, {"fields": ("name", "enabled", "purpose", "when_text", *self.ran, "description")}),)
        what = ("name", "enabled", "purpose", *self.ran, "description") if obj else ("name", "enabled", "task")
        return ((None, {"fields": what}), ("When", {"fields": ("how", ("number", "unit"), ("at", "days"))}))

    ran = ("last_run", "took", "next_run")

    def get_readonly_fields(self, request: HttpRequest, obj: PeriodicTask | None = None) -> tuple[str, ...]:
        return ("purpose", "when_text", *self.ran)

    def save_model(self, request: HttpRequest, obj: PeriodicTask, form: Any, change: bool) -> None:
        """Record the times in words: the rows that hold them are the library's."""
        super().save_model(request, obj, form, change)
        if "how" in form.fields and (now := timing.of(obj)) != form.was:
            was = {"when": str(form.was)} if form.was else {}
            self.record(request, obj, "change" if change else "set", before=was, after={"when": str(now)})

    @display(description="what it does")
    def purpose(self, task: PeriodicTask) -> str:
        return schedule_form.purpose(task.task)

    @display(description="when")
    def when_text(self, task: PeriodicTask) -> str:
        return str(timing.of(task))

    @display(description="took")
    def took(self, task: PeriodicTask) -> str:
        return schedule.took(task)

    @display(description="last run")
    def last_run(self, task: PeriodicTask) -> str:
        return ago(task.last_run_at)

    @display(description="every")
    def every(self, task: PeriodicTask) -> str:
        return schedule.every(task)

    @display(description="next run")
    def next_run(self, task: PeriodicTask) -> str:
        return schedule.next_run(task)

    @admin.action(description="Switch on", permissions=["change"])
    def enable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, True)

    @admin.action(description="Switch off", permissions=["change"])
    def disable_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        self._switch(request, queryset, False)

    @transaction.atomic
    def _switch(self, request: HttpRequest, queryset: QuerySet[PeriodicTask], is_on: bool) -> None:
        for task in queryset.exclude(enabled=is_on):
            self.record(request, task, "change", before={"enabled": not is_on}, after={"enabled": is_on})
        if is_on:
            super().enable_tasks(request, queryset)
        else:
            super().disable_tasks(request, queryset)
        self.log_verb(request, queryset, "Switched on." if is_on else "Switched off.")

    @admin.action(description="Run now", permissions=["change"])
    def run_tasks(self, request: HttpRequest, queryset: QuerySet[PeriodicTask]) -> None:
        try:
            super().run_tasks(request, queryset)
        except OperationalError:
            messages.error(request, "The queue can't be reached, so nothing was started: check that Redis is running.")
            return
        if all(task.task in self.celery_app.tasks for task in queryset):
            self.log_verb(request, queryset, "Run by hand.")
            for task in queryset:
                self.record(request, task, "run")

    def has_run_now_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return self.has_change_permission(request)

    @action(
        description="Run now",
        icon="play_arrow",
        permissions=["run_now"],
        dialog=dialog("Run this task now?", "It goes into the queue at once; its own times stay as they are.", "Run"),
    )
    def run_now(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        task = self.get_or_404(request, object_id)
        self.run_tasks(request, PeriodicTask.objects.filter(pk=task.pk))
        return leave_dialog(request, "admin:django_celery_beat_periodictask_change", object_id)
