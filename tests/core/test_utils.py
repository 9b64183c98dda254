"""Helpers that the apps, and other packages, have in common."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse

from allauth import app_settings, utils
from allauth.core.context import request_context


class SampleForm(forms.Form):
    """Three fields."""

    a = forms.CharField()
    b = forms.CharField()
    c = forms.CharField()


class OtherForm(forms.Form):
    """Named by a path below."""


# Imports


def test_import_attribute_is_deprecated_where_it_is_called() -> None:
    with pytest.warns(DeprecationWarning, match="import_string") as caught:
        assert utils.import_attribute("allauth.utils.get_setting") is utils.get_setting
    assert [warning.filename for warning in caught] == [__file__]


def test_import_callable() -> None:
    assert utils.import_callable("allauth.utils.get_setting") is utils.get_setting
    assert utils.import_callable(utils.get_setting) is utils.get_setting
    with pytest.raises(ImportError):
        utils.import_callable("allauth.utils.no_such_thing")


# Forms


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (None, ["a", "b", "c"]),
        ([], ["a", "b", "c"]),
        (["c"], ["c", "a", "b"]),
        (["c", "unknown", "a"], ["c", "a", "b"]),
        (("b", "a"), ["b", "a", "c"]),
    ],
)
def test_fields_are_put_in_order(order: Any, expected: list[str]) -> None:
    form = SampleForm()
    utils.set_form_field_order(form, order)

    assert list(form.fields) == expected


@pytest.mark.parametrize(
    ("configured", "expected"),
    [
        ({}, SampleForm),
        ({"other": OtherForm}, SampleForm),
        ({"login": OtherForm}, OtherForm),
        ({"login": f"{__name__}.OtherForm"}, OtherForm),
    ],
)
def test_form_class_of_the_project(configured: Any, expected: type[forms.Form]) -> None:
    assert utils.get_form_class(configured, "login", SampleForm) is expected


# Parameters


def test_request_parameter(rf: Any) -> None:
    get = rf.get("/?a=query&empty=")
    post = rf.post("/?a=query&b=query", {"a": "posted", "b": ""})

    assert utils.get_request_param(None, "a") is None
    assert utils.get_request_param(None, "a", "default") == "default"
    assert utils.get_request_param(get, "a") == "query"
    assert utils.get_request_param(get, "missing") is None
    assert utils.get_request_param(get, "missing", "default") == "default"
    assert utils.get_request_param(get, "empty", "default") == ""
    assert utils.get_request_param(post, "a") == "posted"
    assert utils.get_request_param(post, "b") == "query"


# Absolute URLs


@pytest.mark.parametrize(
    ("location", "protocol", "default", "expected"),
    [
        ("/x?a=1#b", None, "http", "http://testserver/x?a=1#b"),
        ("/x", "https", "http", "https://testserver/x"),
        ("/x", None, "https", "https://testserver/x"),
        ("/x", "http", "https", "http://testserver/x"),
        ("http://other.example/x:y", None, "http", "http://other.example/x:y"),
        ("http://other.example/x:y", None, "https", "https://other.example/x:y"),
        ("/x", None, "HTTPS", "https://testserver/x"),
    ],
)
def test_absolute_url_of_a_request(
    rf: Any, settings: Any, location: str, protocol: str | None, default: str, expected: str
) -> None:
    settings.ACCOUNT_DEFAULT_HTTP_PROTOCOL = default

    assert utils.build_absolute_uri(rf.get("/"), location, protocol=protocol) == expected


def test_secure_request_is_not_downgraded(rf: Any) -> None:
    assert utils.build_absolute_uri(rf.get("/", secure=True), "/x") == "https://testserver/x"


@pytest.mark.requirement("SEC-164")
def test_links_are_secure_although_the_request_is_not(
    settings: Any, client: Any, user: Any, mailoutbox: Any
) -> None:
    settings.ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"
    client.post(reverse("account_reset_password"), {"email": user.email})

    (mail,) = mailoutbox
    assert "https://testserver/accounts/password/reset/key/" in mail.body
    assert "http://" not in mail.body


def test_current_request_stands_in(rf: Any) -> None:
    with request_context(rf.get("/", secure=True)):
        assert utils.build_absolute_uri(None, "/x") == "https://testserver/x"


def test_without_a_request_and_sites_there_is_no_absolute_url(monkeypatch: Any) -> None:
    from django.apps import apps

    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    with pytest.raises(ImproperlyConfigured, match=r"django\.contrib\.sites"):
        utils.build_absolute_uri(None, "/x")


@pytest.mark.django_db
@pytest.mark.skipif(not app_settings.SITES_ENABLED, reason="needs django.contrib.sites")
@pytest.mark.parametrize(
    ("location", "default", "expected"),
    [
        ("/x", "http", "http://example.com/x"),
        ("/x", "https", "https://example.com/x"),
        ("http://other.example/x", "http", "http://other.example/x"),
        ("http://other.example/x", "https", "https://other.example/x"),
    ],
)
def test_without_a_request_the_current_site_counts(
    settings: Any, location: str, default: str, expected: str
) -> None:
    settings.ACCOUNT_DEFAULT_HTTP_PROTOCOL = default

    assert utils.build_absolute_uri(None, location) == expected
