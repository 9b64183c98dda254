from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("account", "0004_alter_emailaddress_drop_unique_email")]

    operations = [
        migrations.AddIndex(
            model_name="emailaddress",
            index=models.Index(Upper("email"), name="account_emailaddress_upper"),
        )
    ]
