from django.db import migrations, models


class Migration(migrations.Migration):
    """The console says user, as everything else does. Nothing in the database changes."""

    dependencies = [("recommender", "0026_item_totals")]
    operations = [
        migrations.AlterField(
            model_name="placement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("any", "every kind of list"),
                    ("user", "for a user"),
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
    ]
