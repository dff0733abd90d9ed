from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0011_quicker_search_words")]
    operations = [
        migrations.AddIndex(
            model_name="item",
            index=models.Index(condition=models.Q(("is_available", False)), fields=["-id"], name="item_hidden_idx"),
        )
    ]
