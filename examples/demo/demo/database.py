"""The database of the demo, and who is in it from the start."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.core.management import call_command

from allauth.account.models import EmailAddress
from demo.models import Phone

EMAIL = "demo@example.com"
PASSWORD = "have-a-look-around"
PHONE = "+31600000000"


def prepare_database() -> None:
    """Bring the database up to date, and make the user to sign in as."""
    call_command("migrate", verbosity=0)
    user, is_new = get_user_model().objects.get_or_create(
        username="demo", defaults={"email": EMAIL}
    )
    if is_new:
        user.set_password(PASSWORD)
        user.save()
        EmailAddress.objects.create(user=user, email=EMAIL, primary=True, verified=True)
        Phone.objects.create(user=user, number=PHONE, verified=True)
