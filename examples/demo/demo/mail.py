"""Mail that goes nowhere: to the console, and to the mail page of the demo."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends import console

from demo.models import Message


class EmailBackend(console.EmailBackend):
    """Keeps each mail for the mail page, besides printing it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep and print the mails; returns how many there were."""
        for message in email_messages:
            Message.objects.create(
                recipient=", ".join(message.recipients()),
                subject=message.subject,
                body=message.body,
            )
        return super().send_messages(email_messages) or 0
