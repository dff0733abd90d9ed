import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def make_default(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("recommender", "Placement").objects.get_or_create(name="default")


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0003_embedding_age"),
        ("recommender", "0003_tuning"),
    ]

    operations = [
        migrations.CreateModel(
            name="Placement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(help_text="What clients call it: placement=NAME.", unique=True)),
                (
                    "content_weight",
                    models.FloatField(
                        blank=True,
                        help_text="What the items themselves weigh in the hybrid, 0 to 1. Empty: as the training learned it.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(1),
                        ],
                    ),
                ),
                (
                    "exploration_share",
                    models.FloatField(
                        default=0.1,
                        help_text="0.1: every tenth place tries an item that nothing is known of yet. 0: none does.",
                        validators=[
                            django.core.validators.MinValueValidator(0),
                            django.core.validators.MaxValueValidator(0.5),
                        ],
                        verbose_name="share of places for new items",
                    ),
                ),
                (
                    "new_for_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        help_text="How long an item counts as new.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="an item is new for (days)",
                    ),
                ),
                (
                    "new_for_showings",
                    models.PositiveIntegerField(
                        default=1000,
                        help_text="After so many showings in such places it has had its chance.",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="or until shown (times)",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Exposure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(default=django.utils.timezone.localdate)),
                ("shown", models.PositiveBigIntegerField(default=0)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="exposures", to="catalog.item"
                    ),
                ),
            ],
            options={
                "ordering": ["-day", "-shown"],
                "constraints": [models.UniqueConstraint(fields=("item", "day"), name="exposure_once_a_day")],
            },
        ),
        migrations.RunPython(make_default, migrations.RunPython.noop),
    ]
