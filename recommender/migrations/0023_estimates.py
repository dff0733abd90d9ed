from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("recommender", "0022_interleaved_lists")]
    operations = [
        migrations.AddField(
            model_name="release",
            name="estimates",
            field=models.JSONField(
                db_default={}, default=dict, help_text="By placement, what it was last estimated to achieve there."
            ),
        )
    ]
