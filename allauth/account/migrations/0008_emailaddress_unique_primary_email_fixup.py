from django.conf import settings
from django.db import migrations
from django.db.models import Count

USER_EMAIL_FIELD = getattr(settings, "ACCOUNT_USER_MODEL_EMAIL_FIELD", "email")


def keep_one_primary_address(apps, schema_editor):
    alias = schema_editor.connection.alias
    addresses = apps.get_model("account", "EmailAddress")._base_manager.using(alias)
    users = apps.get_model(settings.AUTH_USER_MODEL)._base_manager.using(alias)
    primaries = addresses.filter(primary=True)
    user_ids = primaries.values("user_id").annotate(count=Count("pk")).filter(count__gt=1)
    for user_id in list(user_ids.values_list("user_id", flat=True)):
        of_user = list(primaries.filter(user_id=user_id).order_by("pk"))
        wanted = _get_user_email(users.filter(pk=user_id).first())
        matching = [address for address in of_user if address.email.lower() == wanted]
        kept = (matching or of_user)[0]
        primaries.filter(user_id=user_id).exclude(pk=kept.pk).update(primary=False)


def _get_user_email(user):
    return (getattr(user, USER_EMAIL_FIELD or "", None) or "").lower()


class Migration(migrations.Migration):
    dependencies = [("account", "0007_emailaddress_idx_email")]

    operations = [migrations.RunPython(keep_one_primary_address, migrations.RunPython.noop)]
