"""The stores given by URL are the ones that the tests of the databases session reach."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests.projects.common_settings import get_cache, get_database

pytestmark = pytest.mark.databases


@pytest.mark.django_db
def test_database_is_the_one_given() -> None:
    scheme = urlsplit(os.environ.get("TEST_DATABASE_URL", "")).scheme or "sqlite"

    with connection.cursor() as cursor:
        cursor.execute("SELECT 40 + 2")
        assert cursor.fetchone() == (42,)
    assert connection.vendor == {"postgres": "postgresql"}.get(scheme, scheme)


def test_cache_is_the_one_given() -> None:
    cache.set("key", "value")

    assert cache.get("key") == "value"
    assert cache.add("key", "other") is False
    has_url = bool(os.environ.get("TEST_REDIS_URL"))
    assert settings.CACHES["default"]["BACKEND"].endswith(".RedisCache") is has_url


def test_urls_are_read() -> None:
    database = get_database("postgres://me:p%40ss@db.example:5433/name")

    assert database == {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.example",
        "PORT": 5433,
        "USER": "me",
        "PASSWORD": "p@ss",
        "NAME": "name",
    }
    assert get_database("sqlite:////tmp/db")["NAME"] == "/tmp/db"
    assert get_cache("redis://127.0.0.1/0")["LOCATION"] == "redis://127.0.0.1/0"
    with pytest.raises(ValueError, match="oracle"):
        get_database("oracle://db.example/name")
