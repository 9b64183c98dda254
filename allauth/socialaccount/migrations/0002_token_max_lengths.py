from django.conf import settings
from django.db import migrations, models

UID_MAX_LENGTH = getattr(settings, "SOCIALACCOUNT_UID_MAX_LENGTH", 191)


class Migration(migrations.Migration):
    dependencies = [("socialaccount", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="socialaccount",
            name="uid",
            field=models.CharField(max_length=UID_MAX_LENGTH, verbose_name="uid"),
        ),
        migrations.AlterField(
            model_name="socialapp",
            name="client_id",
            field=models.CharField(
                max_length=191,
                verbose_name="client id",
                help_text="What the provider calls this site: client id, app id or consumer key",
            ),
        ),
        migrations.AlterField(
            model_name="socialapp",
            name="secret",
            field=models.CharField(
                max_length=191,
                blank=True,
                verbose_name="secret key",
                help_text="What proves that it is this site: API, client or consumer secret",
            ),
        ),
        migrations.AlterField(
            model_name="socialapp",
            name="key",
            field=models.CharField(
                max_length=191,
                blank=True,
                verbose_name="key",
                help_text="A further key, for providers that have one",
            ),
        ),
    ]
