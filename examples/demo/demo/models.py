"""What the demo stores: phone numbers, and the messages it has sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Phone(models.Model):
    """The phone number of a user."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    number = models.CharField(max_length=16, unique=True)
    verified = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.number


class Message(models.Model):
    """A mail or text message that left the demo, to be read on its mail page."""

    recipient = models.CharField(max_length=320)
    subject = models.CharField(max_length=998, blank=True)
    body = models.TextField()
    is_text_message = models.BooleanField(default=False)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.subject or self.body}"
