from django.db import migrations, models

# Without a default it takes no time, in whatever number of months.
ADD = "ALTER TABLE recommender_servedlist ADD COLUMN asked jsonb"
DROP = "ALTER TABLE recommender_servedlist DROP COLUMN asked"


class Migration(migrations.Migration):
    dependencies = [("recommender", "0024_experiment_versions")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(ADD, DROP)],
            state_operations=[
                migrations.AddField(
                    model_name="listimpression",
                    name="asked",
                    field=models.JSONField(
                        help_text="What the request asked beside its placement; empty where that isn't known.",
                        null=True,
                    ),
                )
            ],
        )
    ]
