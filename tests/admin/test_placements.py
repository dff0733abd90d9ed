"""Staff set up where lists are shown, and how many places try what is new."""

from typing import Any

import pytest

from recommender.models import Placement
from recommender.serving import placements
from recsite.platform import generations
from tests.admin.staff import Staff

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_new_one_is_known_within_a_second(admin: Staff) -> None:
    placements.named()
    fields: Any = {"content_weight": "", "exploration_share": 0.2, "new_for_days": 7, "new_for_showings": 50}
    assert admin.post("/admin/recommender/placement/add/", name="home", **fields).status_code == 302
    generations.look()
    placements._copy._not_before = 0
    assert placements.named("home").new_for_days == 7


def test_a_weight_or_share_that_makes_no_sense_is_refused(admin: Staff) -> None:
    pk = Placement.objects.get().pk
    fields: Any = {"content_weight": 1.5, "exploration_share": 0.9, "new_for_days": 0, "new_for_showings": 0}
    page = admin.post(f"/admin/recommender/placement/{pk}/change/", **fields)
    assert page.status_code == 200
    for sentence in ("less than or equal to 1", "less than or equal to 0.5", "greater than or equal to 1"):
        assert sentence in page.content.decode()


def test_the_default_can_not_be_deleted_and_others_can(admin: Staff) -> None:
    home, default = Placement.objects.create(name="home"), Placement.objects.get(name="default")
    assert admin.post(f"/admin/recommender/placement/{default.pk}/delete/", post="yes").status_code == 403
    assert admin.post(f"/admin/recommender/placement/{home.pk}/delete/", post="yes").status_code == 302
    assert list(Placement.objects.values_list("name", flat=True)) == ["default"]
