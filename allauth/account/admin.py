"""Email addresses and their confirmations in Django's admin."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from allauth.account import app_settings, signals
from allauth.account.internal.hooks import get_adapter
from allauth.account.models import EmailAddress, EmailConfirmation


class EmailAddressAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """The admin of email addresses, which can mark them as verified."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    search_fields = ()
    raw_id_fields = ("user",)
    actions = ("make_verified",)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Return the email address, and the fields of users that the adapter names."""
        return ["email", *(f"user__{name}" for name in get_adapter().get_user_search_fields())]

    @admin.action(description=gettext_lazy("Mark selected email addresses as verified"))
    def make_verified(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> None:
        """Mark as verified the email addresses that no other account has verified."""
        for address in queryset.filter(verified=False).select_related("user"):
            if address.set_verified():
                signals.email_confirmed.send(
                    sender=EmailAddress, request=request, email_address=address
                )
                text = _("%(email)s counts as verified now.")
                level = messages.SUCCESS
            else:
                text = _("%(email)s was not changed: another account has verified it.")
                level = messages.ERROR
            messages.add_message(request, level, text % {"email": address.email})


class EmailConfirmationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # takes none at run time
    """The admin of stored confirmations."""

    list_display = ("email_address", "created", "sent", "key")
    list_filter = ("sent",)
    raw_id_fields = ("email_address",)


admin.site.register(EmailAddress, EmailAddressAdmin)
if not app_settings.EMAIL_CONFIRMATION_HMAC:
    admin.site.register(EmailConfirmation, EmailConfirmationAdmin)
