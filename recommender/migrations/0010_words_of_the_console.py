"""Rename in the admin: labels and help texts alone, nothing in the database."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("recommender", "0009_impressions"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="exposure",
            options={
                "ordering": ["-day", "-shown"],
                "verbose_name": "new item shown",
                "verbose_name_plural": "new items shown",
            },
        ),
        migrations.AlterModelOptions(
            name="modelversion",
            options={
                "ordering": ["-pk"],
                "permissions": [("operate", "Can train, promote, roll back, reload and warm")],
                "verbose_name": "model",
            },
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="items",
            field=models.PositiveBigIntegerField(default=0, verbose_name="distinct items"),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="places",
            field=models.PositiveBigIntegerField(default=0, help_text="Repeats included.", verbose_name="items shown"),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="places_by_id",
            field=models.PositiveBigIntegerField(default=0, verbose_name="clicks that named their list"),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="places_clicked",
            field=models.PositiveBigIntegerField(default=0, verbose_name="items clicked"),
        ),
        migrations.AlterField(
            model_name="dailyimpressions",
            name="places_converted",
            field=models.PositiveBigIntegerField(default=0, verbose_name="items converted"),
        ),
        migrations.AlterField(
            model_name="modelversion",
            name="verdict",
            field=models.JSONField(
                default=dict, help_text="The verdict of the quality gate, and why. Empty: it was not judged."
            ),
        ),
        migrations.AlterField(
            model_name="placement",
            name="content_weight",
            field=models.FloatField(
                blank=True,
                help_text="The weight of the content model in the hybrid, 0 to 1. Empty: as training learned it.",
                null=True,
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)],
            ),
        ),
        migrations.AlterField(
            model_name="placement",
            name="exploration_share",
            field=models.FloatField(
                default=0.1,
                help_text="0.1: every tenth item is one with too few events to be recommended by itself. 0: none is.",
                validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(0.5)],
                verbose_name="share for new items",
            ),
        ),
        migrations.AlterField(
            model_name="placement",
            name="name",
            field=models.SlugField(help_text="The name that clients send: placement=NAME.", unique=True),
        ),
        migrations.AlterField(
            model_name="placement",
            name="new_for_days",
            field=models.PositiveSmallIntegerField(
                default=14,
                help_text="For so many days an item counts as new.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="an item is new for (days)",
            ),
        ),
        migrations.AlterField(
            model_name="placement",
            name="new_for_showings",
            field=models.PositiveIntegerField(
                default=1000,
                help_text="After so many impressions as a new item it counts as new no longer.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="or until it has impressions",
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="replaced",
            field=models.ForeignKey(
                blank=True,
                help_text="Rolling back returns to it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="recommender.release",
            ),
        ),
    ]
