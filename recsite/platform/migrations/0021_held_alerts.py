from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("platform", "0020_series")]

    operations = [
        migrations.CreateModel(
            name="HeldAlert",
            fields=[
                ("key", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("since", models.DateTimeField()),
            ],
        ),
    ]
