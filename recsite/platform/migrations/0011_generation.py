"""Rename the model in Django alone: the table keeps its name, so code of before and after can run side by side."""

from django.db import migrations


def rename(apps, old, new):
    content_types = apps.get_model("contenttypes", "ContentType")
    kind = content_types.objects.filter(app_label="platform", model=old).first()
    if kind is None or content_types.objects.filter(app_label="platform", model=new).exists():
        return
    kind.model = new
    kind.save()
    for permission in apps.get_model("auth", "Permission").objects.filter(content_type=kind):
        permission.codename = permission.codename.replace(f"_{old}", f"_{new}")
        permission.name = permission.name.replace(old, new)
        permission.save()


def forwards(apps, schema_editor):
    rename(apps, "epoch", "generation")


def backwards(apps, schema_editor):
    rename(apps, "generation", "epoch")


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0010_dirty_flags"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Epoch", "Generation"),
                migrations.AlterModelTable("Generation", "platform_epoch"),
            ]
        ),
        migrations.RunPython(forwards, backwards),
    ]
