from django.db import migrations


class Migration(migrations.Migration):
    """The console says user, as everything else does. Nothing in the database changes."""

    dependencies = [("catalog", "0012_hidden_items")]
    operations = [
        migrations.AlterModelOptions("enduser", {"verbose_name": "user", "verbose_name_plural": "users"}),
    ]
