from django.db import migrations

# name, weight, speaks against, marks seen, scale
TYPES = [
    ("view", 1, False, True, None),
    ("click", 1, False, True, None),
    ("like", 2, False, True, None),
    ("add_to_cart", 3, False, True, None),
    ("purchase", 5, False, True, None),
    ("share", 2, False, True, None),
    ("rating", 1, False, True, (1, 5, 4)),
    ("dislike", 3, True, True, None),
    ("impression", 0, False, False, None),
]


def add_types(apps, schema_editor):
    InteractionType = apps.get_model("interactions", "InteractionType")
    for name, weight, is_negative, marks_seen, scale in TYPES:
        scale_min, scale_max, relevant_at = scale or (None, None, None)
        InteractionType.objects.create(
            name=name,
            weight=weight,
            is_negative=is_negative,
            marks_seen=marks_seen,
            scale_min=scale_min,
            scale_max=scale_max,
            relevant_at=relevant_at,
        )


class Migration(migrations.Migration):
    dependencies = [("interactions", "0001_initial")]
    operations = [migrations.RunPython(add_types, migrations.RunPython.noop)]
