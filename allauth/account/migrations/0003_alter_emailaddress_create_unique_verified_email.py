from django.conf import settings
from django.db import migrations, models

UNIQUE_EMAIL = getattr(settings, "ACCOUNT_UNIQUE_EMAIL", True)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("account", "0002_email_max_length"),
    ]

    operations = (
        [
            migrations.AlterUniqueTogether(
                name="emailaddress", unique_together={("user", "email")}
            ),
            migrations.AddConstraint(
                model_name="emailaddress",
                constraint=models.UniqueConstraint(
                    name="unique_verified_email",
                    fields=["email"],
                    condition=models.Q(verified=True),
                ),
            ),
        ]
        if UNIQUE_EMAIL
        else []
    )
