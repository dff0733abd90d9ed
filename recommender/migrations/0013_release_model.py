"""Rename the model of a release's parts; its table keeps its name, and content type and permissions follow."""

from django.db import migrations

OLD, NEW = "release member", "release model"


def rename(apps, schema_editor):
    _rename(apps, OLD, NEW)


def restore(apps, schema_editor):
    _rename(apps, NEW, OLD)


def _rename(apps, old, new):
    old_model, new_model = old.replace(" ", ""), new.replace(" ", "")
    content_types = apps.get_model("contenttypes", "ContentType").objects.filter(app_label="recommender")
    kind = content_types.filter(model=old_model).first()
    if kind is None or content_types.filter(model=new_model).exists():
        return
    kind.model = new_model
    kind.save()
    for permission in apps.get_model("auth", "Permission").objects.filter(content_type=kind):
        permission.codename = permission.codename.replace(f"_{old_model}", f"_{new_model}")
        permission.name = permission.name.replace(old, new)
        permission.save()


class Migration(migrations.Migration):
    dependencies = [
        ("recommender", "0012_co_purchases_and_item_days"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("ReleaseMember", "ReleaseModel"),
                migrations.AlterModelTable("ReleaseModel", "recommender_releasemember"),
            ]
        ),
        migrations.RunPython(rename, restore),
    ]
