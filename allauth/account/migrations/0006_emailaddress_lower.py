from django.conf import settings
from django.db import migrations

from allauth.account import app_settings


def lower_case_addresses(apps, schema_editor):
    # Compared here and not by the database, whose collation may take "A" and "a" for equal.
    alias = schema_editor.connection.alias
    columns = [(apps.get_model("account", "EmailAddress"), "email")]
    if app_settings.USER_MODEL_EMAIL_FIELD:
        user_model = apps.get_model(settings.AUTH_USER_MODEL)
        columns.append((user_model, app_settings.USER_MODEL_EMAIL_FIELD))
    for model, field in columns:
        rows = model._base_manager.using(alias)
        mixed = [
            (pk, email)
            for pk, email in rows.values_list("pk", field).iterator(chunk_size=2000)
            if email and email != email.lower()
        ]
        for pk, email in mixed:
            rows.filter(pk=pk).update(**{field: email.lower()})


class Migration(migrations.Migration):
    dependencies = [("account", "0005_emailaddress_idx_upper_email")]

    operations = [migrations.RunPython(lower_case_addresses, migrations.RunPython.noop)]
