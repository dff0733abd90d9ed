import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0012_hidden_items"), ("recommender", "0025_asked")]
    operations = [
        migrations.CreateModel(
            name="CategoryTotals",
            fields=[
                ("name", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("shown", models.PositiveBigIntegerField(default=0)),
                ("clicked", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="ItemTotals",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="totals",
                        serialize=False,
                        to="catalog.item",
                    ),
                ),
                (
                    "shown",
                    models.PositiveBigIntegerField(
                        default=0, help_text="In the last seven days (UTC), today included."
                    ),
                ),
                ("clicked", models.PositiveBigIntegerField(default=0)),
                (
                    "click_rate",
                    models.FloatField(help_text="Empty where it was shown too rarely to say.", null=True),
                ),
                (
                    "clicked_lately",
                    models.PositiveBigIntegerField(default=0, help_text="In the seven days before today."),
                ),
                (
                    "clicked_before",
                    models.PositiveBigIntegerField(default=0, help_text="In the seven days before those."),
                ),
                (
                    "trend",
                    models.FloatField(
                        default=0.0,
                        help_text="By how many standard deviations of chance the clicks of these two weeks differ.",
                    ),
                ),
                ("last_shown", models.DateField(help_text="Empty where no list ever showed it.", null=True)),
                (
                    "added_on",
                    models.DateField(help_text="When it was published or, without a date, came into the catalogue."),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["shown", "item"], name="item_totals_by_shown"),
                    models.Index(
                        condition=models.Q(("click_rate", None), _negated=True),
                        fields=["click_rate", "item"],
                        name="item_totals_by_rate",
                    ),
                    models.Index(fields=["trend", "item"], name="item_totals_by_trend"),
                    models.Index(fields=["added_on", "item"], name="item_totals_by_age"),
                    models.Index(
                        condition=models.Q(("last_shown", None)), fields=["item"], name="item_totals_never_shown"
                    ),
                ],
            },
        ),
    ]
