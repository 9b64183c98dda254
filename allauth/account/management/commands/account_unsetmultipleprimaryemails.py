"""Repair of users with several primary email addresses."""

from __future__ import annotations

from django.core.management.base import BaseCommand
from django.db.models import Count

from allauth.account.internal.user_fields import user_email
from allauth.account.models import EmailAddress


class Command(BaseCommand):
    """The command that leaves each user one primary email address.

    Older releases had no constraint that allows only one.
    """

    help = "Keeps one primary email address of each user who has several."

    def handle(self, *args: object, **options: object) -> None:
        """Keep the email address of the user model, or else the newest one."""
        primaries = EmailAddress.objects.filter(primary=True)
        owners = primaries.values("user_id").annotate(count=Count("pk")).filter(count__gt=1)
        for user_id in owners.values_list("user_id", flat=True):
            addresses = list(
                primaries.filter(user_id=user_id).select_related("user").order_by("pk")
            )
            kept = self._choose(addresses)
            primaries.filter(user_id=user_id).exclude(pk=kept.pk).update(primary=False)

    def _choose(self, addresses: list[EmailAddress]) -> EmailAddress:
        wanted = user_email(addresses[0].user)
        for address in addresses:
            if address.email.lower() == wanted:
                return address
        chosen = addresses[-1]
        tried = ", ".join(address.email for address in addresses)
        self.stdout.write(
            f"WARNING: user {chosen.user_id}: none of the primary addresses ({tried}) is that of"
            f" the user, kept {chosen.email}"
        )
        return chosen
