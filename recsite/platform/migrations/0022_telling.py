import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("platform", "0021_held_alerts"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertSilence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(blank=True, help_text="Empty: every kind.", max_length=40)),
                ("until", models.DateTimeField()),
                ("reason", models.CharField(max_length=300)),
                ("made_by", models.CharField(editable=False, max_length=150, verbose_name="by")),
                (
                    "made_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name="made"),
                ),
            ],
            options={
                "verbose_name": "silence",
                "ordering": ["-until", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="AlertEpisode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(help_text="Its kind, and which of several, such as a queue.", max_length=100)),
                ("kind", models.CharField(max_length=40)),
                ("severity", models.CharField(max_length=10)),
                ("sentence", models.TextField(help_text="As it was said last.")),
                ("link", models.CharField(blank=True, max_length=200)),
                ("began_at", models.DateTimeField()),
                ("noticed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(db_index=True, null=True)),
                (
                    "announced",
                    models.CharField(
                        blank=True,
                        choices=[("", "Nothing"), ("began", "Began"), ("ended", "Ended")],
                        default="",
                        help_text="What webhooks that want all were told.",
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ["-noticed_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("key",), name="alert_open_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AlertSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail address")),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="Empty: every kind there is and will be.",
                        size=None,
                    ),
                ),
                (
                    "pace",
                    models.CharField(
                        choices=[
                            ("at once", "at once"),
                            ("hourly", "together, each hour"),
                            ("daily", "together, each day at 07:00 UTC"),
                        ],
                        default="at once",
                        max_length=10,
                        verbose_name="when",
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="on")),
                (
                    "webhook",
                    models.ForeignKey(
                        blank=True,
                        help_text="In place of an address. Which events it has ticked doesn't matter here.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="platform.webhookendpoint",
                    ),
                ),
            ],
            options={
                "verbose_name": "alert subscription",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="AlertMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(choices=[("began", "Began"), ("ended", "Ended")], max_length=10)),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, help_text="Why the latest attempt failed.", max_length=500)),
                (
                    "episode",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="messages", to="platform.alertepisode"
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="messages",
                        to="platform.alertsubscription",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="alertsubscription",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("webhook", None), models.Q(("email", ""), _negated=True)),
                    models.Q(("webhook__isnull", False), ("email", "")),
                    _connector="OR",
                ),
                name="alert_told_one_way",
                violation_error_message="Give an e-mail address or a webhook: one of them is told.",
            ),
        ),
        migrations.AddIndex(
            model_name="alertmessage",
            index=models.Index(condition=models.Q(("sent_at", None)), fields=["due_at"], name="alert_message_due"),
        ),
        migrations.AddConstraint(
            model_name="alertmessage",
            constraint=models.UniqueConstraint(fields=("subscription", "episode", "event"), name="alert_message_once"),
        ),
    ]
