"""Users whose primary key is a UUID."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    """A user of the project."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
