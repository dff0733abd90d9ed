"""Rename the models of what was shown; the tables keep their names, so nothing is rewritten or locked.

Content types, permissions and readers of feeds follow. Where a content type of the new name is there already, it has
come with the new code before this migration: the old rows give way to it.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

RENAMED = {
    "servedlist": ("listimpression", "list impression"),
    "servedday": ("dailyimpressions", "daily total"),
    "servedrank": ("positionimpressions", "position impressions"),
    "serveditem": ("itemimpressions", "item impressions"),
}
READERS = {"served lists": "list impressions"}


def rename_rows(apps, schema_editor):
    _rename(apps, {old: new for old, (new, _) in RENAMED.items()}, READERS)


def restore_rows(apps, schema_editor):
    _rename(apps, {new: old for old, (new, _) in RENAMED.items()}, {new: old for old, new in READERS.items()})


def _rename(apps, models_, readers):
    content_types = apps.get_model("contenttypes", "ContentType")
    permissions = apps.get_model("auth", "Permission")
    for old, new in models_.items():
        kind = content_types.objects.filter(app_label="recommender", model=old).first()
        if kind is None or content_types.objects.filter(app_label="recommender", model=new).exists():
            continue
        kind.model = new
        kind.save()
        for permission in permissions.objects.filter(content_type=kind):
            permission.codename = permission.codename.replace(f"_{old}", f"_{new}")
            permission.save()
    cursors = apps.get_model("platform", "FeedCursor")
    for old, new in readers.items():
        if not cursors.objects.filter(name=new).exists():
            cursors.objects.filter(name=old).update(name=new)


class Migration(migrations.Migration):
    dependencies = [
        ("recommender", "0008_schedule"),
        ("platform", "0004_feed_cursor"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("ServedList", "ListImpression"),
                migrations.RenameModel("ServedDay", "DailyImpressions"),
                migrations.RenameModel("ServedRank", "PositionImpressions"),
                migrations.RenameModel("ServedItem", "ItemImpressions"),
                migrations.AlterModelTable("ListImpression", "recommender_servedlist"),
                migrations.AlterModelTable("DailyImpressions", "recommender_servedday"),
                migrations.AlterModelTable("PositionImpressions", "recommender_servedrank"),
                migrations.AlterModelTable("ItemImpressions", "recommender_serveditem"),
                migrations.RemoveConstraint("PositionImpressions", "served_rank_once"),
                migrations.RemoveConstraint("ItemImpressions", "served_item_once"),
                migrations.RenameField("PositionImpressions", "served", "daily"),
                migrations.RenameField("ItemImpressions", "served", "daily"),
                migrations.AlterField(
                    "PositionImpressions",
                    "daily",
                    models.ForeignKey(
                        db_column="served_id",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ranks",
                        to="recommender.dailyimpressions",
                    ),
                ),
                migrations.AlterField(
                    "ItemImpressions",
                    "daily",
                    models.ForeignKey(
                        db_column="served_id",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shown_items",
                        to="recommender.dailyimpressions",
                    ),
                ),
                migrations.AddConstraint(
                    "PositionImpressions",
                    models.UniqueConstraint(fields=["daily", "rank"], name="served_rank_once"),
                ),
                migrations.AddConstraint(
                    "ItemImpressions",
                    models.UniqueConstraint(fields=["daily", "item"], name="served_item_once"),
                ),
            ]
        ),
        migrations.AlterModelOptions(
            name="dailyimpressions",
            options={"ordering": ["-day", "-lists", "pk"], "verbose_name": "daily total"},
        ),
        migrations.AlterModelOptions(
            name="listimpression",
            options={"ordering": ["-served_at", "-id"], "verbose_name": "list impression"},
        ),
        migrations.AlterField(
            model_name="attribution",
            name="by_id",
            field=models.BooleanField(
                help_text="True where the event named the list; else it followed within the window."
            ),
        ),
        migrations.AlterField(
            model_name="attribution",
            name="event_id",
            field=models.UUIDField(help_text="The event that counted as the click."),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="day",
            field=models.DateField(
                default=django.utils.timezone.localdate,
                help_text="In UTC, of the impression; its clicks count there as well.",
            ),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="items",
            field=models.PositiveBigIntegerField(default=0, help_text="Distinct items shown."),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="kind",
            field=models.CharField(
                choices=[
                    ("person", "for a user"),
                    ("everybody", "for everybody"),
                    ("session", "for a session"),
                    ("similar", "similar items"),
                    ("together", "bought together"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="lists_clicked",
            field=models.PositiveBigIntegerField(default=0, help_text="Lists with at least one click."),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="places",
            field=models.PositiveBigIntegerField(default=0, help_text="Items shown, repeats included."),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="places_by_id",
            field=models.PositiveBigIntegerField(default=0, help_text="Clicks that named their list."),
        ),
        migrations.AlterField(
            model_name="listimpression",
            name="first_rank",
            field=models.PositiveIntegerField(help_text="The rank of the first item, counted over all pages."),
        ),
        migrations.AlterField(
            model_name="listimpression",
            name="items",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), help_text="Internal ids, in the order of the list.", size=None
            ),
        ),
        migrations.AlterField(
            model_name="listimpression",
            name="kind",
            field=models.CharField(
                choices=[
                    ("person", "for a user"),
                    ("everybody", "for everybody"),
                    ("session", "for a session"),
                    ("similar", "similar items"),
                    ("together", "bought together"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="listimpression",
            name="sources",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.SmallIntegerField(), help_text="The source of each item.", size=None
            ),
        ),
        migrations.AlterField(
            model_name="listimpression",
            name="user_id",
            field=models.CharField(blank=True, help_text="Empty where the request named no user.", max_length=255),
        ),
        migrations.RunPython(rename_rows, restore_rows),
    ]
