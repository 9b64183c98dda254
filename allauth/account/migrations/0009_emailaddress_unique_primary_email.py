from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("account", "0008_emailaddress_unique_primary_email_fixup")]

    operations = [
        migrations.AddConstraint(
            model_name="emailaddress",
            constraint=models.UniqueConstraint(
                name="unique_primary_email",
                fields=["user", "primary"],
                condition=models.Q(primary=True),
            ),
        )
    ]
