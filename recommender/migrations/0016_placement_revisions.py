"""Give each placement revisions: what it was set to becomes revision 1, with the same behaviour."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

# A settings column of before, and the setting that takes its place.
COLUMNS = {
    "content_weight": "content_weight",
    "exploration_share": "new_item_share",
    "new_for_days": "new_for_days",
    "new_for_showings": "new_for_impressions",
}
USUAL = {
    "algorithm": None,
    "content_weight": None,
    "diversity": 0.0,
    "max_per_category": None,
    "count": None,
    "fallbacks": [],
    "new_item_share": 0.1,
    "new_for_days": 14,
    "new_for_impressions": 1000,
    "rules": [],
}
SHOWN = """
ALTER TABLE recommender_servedlist ADD COLUMN placement_revision integer
"""
KEPT = """
CREATE FUNCTION recommender_keep_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A published revision never changes: publish another one.';
END $$;
CREATE TRIGGER keep_revision BEFORE UPDATE ON recommender_placementrevision FOR EACH ROW
WHEN (OLD.placement_id IS DISTINCT FROM NEW.placement_id OR OLD.number IS DISTINCT FROM NEW.number
    OR OLD.settings IS DISTINCT FROM NEW.settings)
EXECUTE FUNCTION recommender_keep_revision();
"""
NOT_KEPT = """
DROP TRIGGER keep_revision ON recommender_placementrevision;
DROP FUNCTION recommender_keep_revision();
"""


def publish_what_is_set(apps, schema_editor):
    placements, revisions = (apps.get_model("recommender", name) for name in ("Placement", "PlacementRevision"))
    for placement in placements.objects.all():
        own = {setting: getattr(placement, column) for column, setting in COLUMNS.items()}
        live = revisions.objects.create(
            placement=placement, number=1, settings=USUAL | own, note="As it was set before placements had revisions."
        )
        placements.objects.filter(pk=placement.pk).update(live=live)


def set_what_is_published(apps, schema_editor):
    placements = apps.get_model("recommender", "Placement")
    for placement in placements.objects.select_related("live").exclude(live=None):
        own = USUAL | placement.live.settings
        placements.objects.filter(pk=placement.pk).update(
            **{column: own[setting] for column, setting in COLUMNS.items()}
        )


class Migration(migrations.Migration):
    dependencies = [
        ("recommender", "0015_hourly_impressions"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlacementRevision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(help_text="From 1 on, for each placement.")),
                ("settings", models.JSONField(default=dict, help_text="See `merchandising.settings`.")),
                ("note", models.CharField(blank=True, help_text="Why it was published.", max_length=500)),
                ("published_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("published_by", models.CharField(blank=True, max_length=150)),
                (
                    "draft_version",
                    models.PositiveIntegerField(help_text="The version of the draft that it was.", null=True),
                ),
                (
                    "reverts_to",
                    models.PositiveIntegerField(help_text="The number of the revision that it repeats.", null=True),
                ),
                (
                    "placement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revisions",
                        to="recommender.placement",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "constraints": [models.UniqueConstraint(fields=("placement", "number"), name="revision_once")],
            },
        ),
        migrations.AddField(
            model_name="placement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("any", "every kind of list"),
                    ("user", "for a person"),
                    ("session", "for a session"),
                    ("similar", "similar items"),
                    ("bought-together", "bought together"),
                    ("popular", "popular items"),
                    ("latest", "new items"),
                    ("trending", "trending items"),
                ],
                default="any",
                help_text="Other lists refuse the placement.",
                max_length=20,
                verbose_name="kind of list",
            ),
        ),
        migrations.AddField(
            model_name="placement",
            name="description",
            field=models.CharField(blank=True, help_text="Where it is, for your colleagues.", max_length=500),
        ),
        migrations.AddField(
            model_name="placement",
            name="live",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="recommender.placementrevision",
            ),
        ),
        migrations.AddField(
            model_name="placement",
            name="draft",
            field=models.JSONField(editable=False, help_text="Settings that are not published yet.", null=True),
        ),
        migrations.AddField(
            model_name="placement",
            name="draft_version",
            field=models.PositiveIntegerField(
                default=0, editable=False, help_text="Rises with each change of the draft, and never falls."
            ),
        ),
        migrations.AddField(
            model_name="placement",
            name="draft_base",
            field=models.PositiveIntegerField(
                editable=False,
                help_text="The number of the revision that was live when the draft was begun.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="placement",
            name="draft_saved_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="placement",
            name="draft_saved_by",
            field=models.CharField(blank=True, editable=False, max_length=150),
        ),
        migrations.RunPython(publish_what_is_set, set_what_is_published),
        # The rows above and the columns below are of one table, whose deferred constraints are settled first.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.RemoveField(model_name="placement", name="content_weight"),
        migrations.RemoveField(model_name="placement", name="exploration_share"),
        migrations.RemoveField(model_name="placement", name="new_for_days"),
        migrations.RemoveField(model_name="placement", name="new_for_showings"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                # Without a default it takes no time, in whatever number of months.
                migrations.RunSQL(SHOWN, "ALTER TABLE recommender_servedlist DROP COLUMN placement_revision")
            ],
            state_operations=[
                migrations.AddField(
                    model_name="listimpression",
                    name="placement_revision",
                    field=models.IntegerField(
                        help_text="The number of the placement's revision, if it has one.", null=True
                    ),
                )
            ],
        ),
        migrations.RemoveConstraint(model_name="dailyimpressions", name="served_day_once"),
        migrations.AddField(
            model_name="dailyimpressions",
            name="placement_revision",
            field=models.PositiveIntegerField(db_default=0, default=0, help_text="0: the placement had none."),
        ),
        migrations.AddConstraint(
            model_name="dailyimpressions",
            constraint=models.UniqueConstraint(
                fields=("day", "kind", "placement", "placement_revision", "algorithm", "version", "variant"),
                name="served_day_once",
            ),
        ),
    ]
