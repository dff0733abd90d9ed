import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("platform", "0017_staff_logins"),
    ]

    operations = [
        migrations.CreateModel(
            name="RoleDefault",
            fields=[
                ("name", models.CharField(max_length=150, primary_key=True, serialize=False)),
                (
                    "permissions",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255), default=list, size=None
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        help_text="None where staff deleted the role, or had one of this name before.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="auth.group",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="auditentry",
            name="undoes",
            field=models.OneToOneField(
                blank=True,
                help_text="The change that this one took back.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="undone_by",
                to="platform.auditentry",
            ),
        ),
    ]
