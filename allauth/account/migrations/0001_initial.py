from django.conf import settings
from django.db import migrations, models
from django.utils import timezone
from django.utils.module_loading import import_string

from allauth import app_settings

UNIQUE_EMAIL = getattr(settings, "ACCOUNT_UNIQUE_EMAIL", True)


AutoField = import_string(app_settings.DEFAULT_AUTO_FIELD or "django.db.models.AutoField")


def auto_field():
    return AutoField(verbose_name="ID", serialize=False, auto_created=True, primary_key=True)


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="EmailAddress",
            fields=[
                ("id", auto_field()),
                (
                    "email",
                    models.EmailField(
                        unique=UNIQUE_EMAIL, max_length=75, verbose_name="email address"
                    ),
                ),
                ("verified", models.BooleanField(default=False, verbose_name="verified")),
                ("primary", models.BooleanField(default=False, verbose_name="primary")),
                (
                    "user",
                    models.ForeignKey(
                        to=settings.AUTH_USER_MODEL,
                        on_delete=models.CASCADE,
                        verbose_name="user",
                    ),
                ),
            ],
            options={
                "verbose_name": "email address",
                "verbose_name_plural": "email addresses",
            },
        ),
        migrations.CreateModel(
            name="EmailConfirmation",
            fields=[
                ("id", auto_field()),
                ("created", models.DateTimeField(default=timezone.now, verbose_name="created")),
                ("sent", models.DateTimeField(null=True, verbose_name="sent")),
                ("key", models.CharField(unique=True, max_length=64, verbose_name="key")),
                (
                    "email_address",
                    models.ForeignKey(
                        to="account.EmailAddress",
                        on_delete=models.CASCADE,
                        verbose_name="email address",
                    ),
                ),
            ],
            options={
                "verbose_name": "email confirmation",
                "verbose_name_plural": "email confirmations",
            },
        ),
    ]

    if not UNIQUE_EMAIL:
        operations += [
            migrations.AlterUniqueTogether(name="emailaddress", unique_together={("user", "email")})
        ]
