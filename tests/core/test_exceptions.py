"""The exceptions, and the modules in which they and the rate limits used to live."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpResponse

import allauth
from allauth.core import exceptions, ratelimit


def test_exceptions_derive_directly_from_exception() -> None:
    for name in (
        "ImmediateHttpResponse",
        "ReauthenticationRequired",
        "SignupClosedException",
        "RateLimited",
    ):
        assert getattr(exceptions, name).__bases__ == (Exception,)


def test_immediate_response_has_its_response() -> None:
    response = HttpResponse()

    assert exceptions.ImmediateHttpResponse(response).response is response
    assert exceptions.ImmediateHttpResponse(response=response).response is response


def test_unknown_address_is_both_refusal_and_misconfiguration() -> None:
    assert issubclass(exceptions.ClientAddressUnknown, PermissionDenied)
    assert issubclass(exceptions.ClientAddressUnknown, ImproperlyConfigured)


@pytest.mark.parametrize(
    ("module", "names", "home"),
    [
        ("allauth.exceptions", ["ImmediateHttpResponse"], exceptions),
        ("allauth.ratelimit", ["consume", "consume_or_429", "clear"], ratelimit),
    ],
)
def test_module_of_old_warns_and_works(
    monkeypatch: Any, module: str, names: list[str], home: Any
) -> None:
    monkeypatch.delitem(sys.modules, module, raising=False)

    with pytest.warns(UserWarning, match=home.__name__):
        deprecated = importlib.import_module(module)
    for name in names:
        assert getattr(deprecated, name) is getattr(home, name)


def test_rate_limit_module_offers_the_public_names() -> None:
    for name in ("clear", "consume", "respond_429", "consume_or_429", "RateLimited", "Rate"):
        assert hasattr(ratelimit, name)


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ((65, 21, 1, "final", 0), "65.21.1"),
        ((66, 0, 0, "rc", 2), "66.0.0-rc2"),
        ((66, 0, 0, "dev", 0), "66.0.0-dev"),
    ],
)
def test_version_text(version: Any, text: str) -> None:
    assert allauth._format_version(version) == text


def test_package_names_itself() -> None:
    assert allauth.VERSION == (65, 21, 1, "final", 0)
    assert allauth.__version_info__ is allauth.VERSION
    assert allauth.__version__ == "65.21.1"
    assert (allauth.__title__, allauth.__license__) == ("django-allauth", "MIT")
    assert all(isinstance(text, str) for text in (allauth.__author__, allauth.__copyright__))


def test_package_imports_without_settings() -> None:
    code = "import allauth, sys; print('django' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert run.stdout.strip() == "False"
