"""On a user's page staff opt them out, let them take part again, and merge a visitor into a known user."""

import pytest

from catalog.models import EndUser, MergedUser
from recsite.platform.models import AuditEntry
from tests import factories
from tests.admin.staff import Staff

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def address(user: EndUser, verb: str) -> str:
    return f"/admin/catalog/enduser/{user.pk}/{verb}/"


def is_out() -> bool:
    return EndUser.objects.filter(user_id="ada", opted_out_at__isnull=False).exists()


def test_a_user_is_opted_out_and_takes_part_again(admin: Staff) -> None:
    ada = factories.person("ada")
    page = f"/admin/catalog/enduser/{ada.pk}/change/"
    assert "Let take part again" not in admin.page(page)
    admin.act(address(ada, "opt_out"))
    assert is_out()
    assert "Let take part again" in admin.page(page)
    admin.act(address(ada, "opt_in"))
    assert not is_out()
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", "door")) == [
        ("opt_out", "admin"),
        ("opt_in", "admin"),
    ]


def test_a_visitor_is_merged_into_a_known_user(admin: Staff) -> None:
    visitor, ada = factories.person("visitor-9"), factories.person("ada")
    admin.act(address(visitor, "merge"), into="visitor-9")
    assert EndUser.objects.filter(pk=visitor.pk).exists(), "A user was merged into themselves."
    admin.act(address(visitor, "merge"), into=" ada ")
    assert not EndUser.objects.filter(pk=visitor.pk).exists()
    assert MergedUser.objects.get().into == ada


def test_who_may_not_change_users_has_no_such_button(viewer: Staff) -> None:
    ada = factories.person("ada")
    for verb in ("opt_out", "merge"):
        assert viewer.client.post(address(ada, verb), {"_form_submitted": "True", "into": "ben"}).status_code == 403
    assert not is_out()
