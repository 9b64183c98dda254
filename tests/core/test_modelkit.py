"""Unsaved instances in sessions; the format is the one of the published release."""

from __future__ import annotations

import datetime
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.db import models

from allauth.account.models import EmailAddress
from allauth.core.internal.modelkit import deserialize_instance, serialize_instance


class Point:
    """A value that JSON does not know."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y


class PointField(models.CharField):
    """Keeps a point as text."""

    def get_prep_value(self, value: Any) -> Any:
        return f"{value.x};{value.y}" if isinstance(value, Point) else value

    def from_db_value(self, value: str, expression: Any, connection: Any) -> Point:
        x, y = value.split(";")
        return Point(int(x), int(y))


class WriteOnlyField(models.CharField):
    """Keeps a point as text, and does not know how to read it back."""

    get_prep_value = PointField.get_prep_value


class Sample(models.Model):
    """One field of each kind."""

    user = models.ForeignKey(get_user_model(), on_delete=models.CASCADE)
    at = models.DateTimeField(null=True)
    on = models.DateField(null=True)
    by = models.TimeField(null=True)
    price = models.DecimalField(null=True, max_digits=5, decimal_places=2)
    identifier = models.UUIDField(null=True)
    blob = models.BinaryField(null=True)
    file = models.FileField()
    point = PointField(max_length=10)
    lost = WriteOnlyField(max_length=10)

    class Meta:
        app_label = "tests_modelkit"

    def __str__(self) -> str:
        return str(self.pk)


def store(instance: models.Model) -> Any:
    """What comes out of a session again."""
    return json.loads(json.dumps(serialize_instance(instance)))


def restore(instance: models.Model) -> Any:
    return deserialize_instance(type(instance), store(instance))


def test_plain_values_are_stored_under_the_names_of_attributes() -> None:
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)
    sample = Sample(
        pk=5,
        user_id=7,
        at=at,
        on=at.date(),
        by=at.time(),
        price=Decimal("1.50"),
        identifier=uuid.UUID(int=3),
    )

    data = store(sample)

    assert data["id"] == 5
    assert data["user_id"] == 7
    assert "user" not in data
    assert data["at"] == "2026-01-02T03:04:05.678Z"
    assert data["on"] == "2026-01-02"
    assert data["by"] == "03:04:05.678"
    assert data["price"] == "1.50"
    assert data["identifier"] == "00000000-0000-0000-0000-000000000003"
    assert data["blob"] is None
    assert not [name for name in data if name.startswith("_") and not name.startswith("_db_")]


def test_dates_and_times_are_restored_to_the_millisecond() -> None:
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)

    restored = restore(Sample(at=at, on=at.date(), by=at.time()))

    assert restored.at == at.replace(microsecond=678000)
    assert restored.on == at.date()
    assert restored.by == at.time().replace(microsecond=678000)
    assert restored._state.adding


@pytest.mark.parametrize(("blob", "stored"), [(None, None), (b"", ""), (b"\x00\xff", "AP8=")])
def test_binary_is_base64(blob: bytes | None, stored: str | None) -> None:
    assert store(Sample(blob=blob))["blob"] == stored
    assert restore(Sample(blob=blob)).blob == blob


def test_memoryview_of_a_database_is_base64() -> None:
    assert store(Sample(blob=memoryview(b"\x00\xff")))["blob"] == "AP8="


def test_file_is_stored_with_its_name_and_content() -> None:
    sample = Sample(file=ContentFile(b"content", name="a.txt"))

    assert store(sample)["file"] == {"name": "a.txt", "content": "Y29udGVudA=="}
    restored = restore(sample)
    assert restored.file.name == "a.txt"
    assert restored.file.read() == b"content"


def test_file_that_was_read_already_is_stored_whole() -> None:
    sample = Sample(file=ContentFile(b"content", name="a.txt"))
    sample.file.read()

    assert store(sample)["file"]["content"] == "Y29udGVudA=="


def test_name_of_a_file_and_no_file() -> None:
    sample = Sample()
    sample.__dict__["file"] = "a.txt"

    assert store(sample)["file"] == "a.txt"
    assert store(Sample())["file"] == ""
    assert not restore(Sample()).file


def test_value_that_json_does_not_know_is_stored_as_for_the_database() -> None:
    sample = Sample(point=Point(3, 4))

    data = store(sample)
    assert data["_db_point"] == "3;4"
    assert "point" not in data
    restored = restore(sample)
    assert (restored.point.x, restored.point.y) == (3, 4)


def test_value_that_cannot_be_read_back_names_its_field() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"Sample\.lost"):
        restore(Sample(lost=Point(3, 4)))


def test_attribute_of_no_field_is_stored_as_it_is() -> None:
    sample = Sample()
    sample.extra = {"a": [1, None]}
    sample.hook = lambda: None
    sample._private = 1

    data = store(sample)
    assert data["extra"] == {"a": [1, None]}
    assert not {"hook", "_private", "_state"} & set(data)
    assert restore(sample).extra == {"a": [1, None]}


def test_attribute_of_no_field_must_be_json() -> None:
    sample = Sample()
    sample.extra = Point(1, 2)

    with pytest.raises(TypeError):
        serialize_instance(sample)


def test_unknown_names_and_none_are_assigned() -> None:
    restored = deserialize_instance(
        Sample, {"of_an_older_version": 3, "at": None, "_db_point": None}
    )

    assert restored.of_an_older_version == 3  # type: ignore[attr-defined]
    assert restored.at is None
    assert restored.point is None


@pytest.mark.parametrize("data", [None, "text", [], 3])
def test_anything_but_a_dictionary_is_a_value_error(data: Any) -> None:
    with pytest.raises(ValueError, match="dictionary"):
        deserialize_instance(Sample, data)


def test_user_of_the_published_release_is_restored() -> None:
    data = {
        "id": None,
        "password": "!x",
        "last_login": None,
        "is_superuser": False,
        "username": "anna",
        "email": "anna@example.org",
        "is_active": True,
        "date_joined": "2026-01-02T03:04:05.678Z",
    }

    user = deserialize_instance(get_user_model(), data)

    assert user.pk is None
    assert user.get_username() == "anna"
    assert user.date_joined == datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, datetime.UTC)


def test_address_survives() -> None:
    restored = restore(EmailAddress(email="a@example.org", verified=True))

    assert (restored.email, restored.verified, restored.primary) == ("a@example.org", True, False)
