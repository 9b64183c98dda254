from django.conf import settings
from django.db import migrations, models
from django.utils.module_loading import import_string

from allauth import app_settings

UID_MAX_LENGTH = getattr(settings, "SOCIALACCOUNT_UID_MAX_LENGTH", 191)

AutoField = import_string(app_settings.DEFAULT_AUTO_FIELD or "django.db.models.AutoField")


def auto_field():
    return AutoField(verbose_name="ID", serialize=False, auto_created=True, primary_key=True)


def site_fields():
    if not app_settings.SITES_ENABLED:
        return []
    return [("sites", models.ManyToManyField(to="sites.Site", blank=True))]


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    if app_settings.SITES_ENABLED:
        dependencies.append(("sites", "0001_initial"))

    operations = [
        migrations.CreateModel(
            name="SocialAccount",
            fields=[
                ("id", auto_field()),
                ("provider", models.CharField(max_length=30, verbose_name="provider")),
                ("uid", models.CharField(max_length=UID_MAX_LENGTH, verbose_name="uid")),
                ("last_login", models.DateTimeField(auto_now=True, verbose_name="last login")),
                (
                    "date_joined",
                    models.DateTimeField(auto_now_add=True, verbose_name="date joined"),
                ),
                ("extra_data", models.TextField(default="{}", verbose_name="extra data")),
                (
                    "user",
                    models.ForeignKey(
                        to=settings.AUTH_USER_MODEL,
                        on_delete=models.CASCADE,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "social accounts",
                "verbose_name": "social account",
            },
        ),
        migrations.CreateModel(
            name="SocialApp",
            fields=[
                ("id", auto_field()),
                ("provider", models.CharField(max_length=30, verbose_name="provider")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("client_id", models.CharField(max_length=100, verbose_name="client id")),
                ("secret", models.CharField(max_length=100, verbose_name="secret key")),
                ("key", models.CharField(max_length=100, blank=True, verbose_name="key")),
                *site_fields(),
            ],
            options={
                "verbose_name": "social application",
                "verbose_name_plural": "social applications",
            },
        ),
        migrations.CreateModel(
            name="SocialToken",
            fields=[
                ("id", auto_field()),
                (
                    "token",
                    models.TextField(
                        verbose_name="token", help_text="The access token, of OAuth 1 or OAuth 2"
                    ),
                ),
                (
                    "token_secret",
                    models.TextField(
                        blank=True,
                        verbose_name="token secret",
                        help_text="The secret of an OAuth 1 token, or the refresh token of OAuth 2",
                    ),
                ),
                (
                    "expires_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="expires at"),
                ),
                (
                    "account",
                    models.ForeignKey(to="socialaccount.SocialAccount", on_delete=models.CASCADE),
                ),
                (
                    "app",
                    models.ForeignKey(to="socialaccount.SocialApp", on_delete=models.CASCADE),
                ),
            ],
            options={
                "verbose_name": "social application token",
                "verbose_name_plural": "social application tokens",
            },
        ),
        migrations.AlterUniqueTogether(name="socialtoken", unique_together={("app", "account")}),
        migrations.AlterUniqueTogether(name="socialaccount", unique_together={("provider", "uid")}),
    ]
