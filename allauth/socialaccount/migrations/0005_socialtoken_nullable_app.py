import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("socialaccount", "0004_app_provider_id_settings")]

    operations = [
        migrations.AlterField(
            model_name="socialtoken",
            name="app",
            field=models.ForeignKey(
                to="socialaccount.SocialApp",
                on_delete=django.db.models.deletion.SET_NULL,
                blank=True,
                null=True,
            ),
        ),
    ]
