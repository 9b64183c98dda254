"""Where the phone numbers of the regular project are."""

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
