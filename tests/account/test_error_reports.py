"""Reports of errors in pages that take passwords do not show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str

pytestmark = pytest.mark.django_db

SECRETS = {
    "password": "canary-1",
    "password1": "canary-2",
    "password2": "canary-3",
    "oldpassword": "canary-4",
}


def get_reset_url(client: Client, user: Any) -> str:
    token = default_token_generator.make_token(user)
    kwargs = {"uidb36": user_pk_to_url_str(user), "key": token}
    response = client.get(reverse("account_reset_password_from_key", kwargs=kwargs))
    return str(response["Location"])


@pytest.mark.parametrize(
    ("name", "is_logged_in"),
    [
        ("account_login", False),
        ("account_signup", False),
        ("account_change_password", True),
        ("account_reauthenticate", True),
        ("reset", False),
    ],
)
def test_atk_c46_sec_014_passwords_are_masked(
    client: Client, user_factory: Callable[..., Any], settings: Any, name: str, is_logged_in: bool
) -> None:
    settings.DEBUG = False
    user = user_factory()
    if is_logged_in:
        client.force_login(user)
    url = get_reset_url(client, user) if name == "reset" else reverse(name)

    response = client.post(url, SECRETS)

    request = response.wsgi_request
    shown = SafeExceptionReporterFilter().get_post_parameters(request)
    assert set(request.POST.values()) == set(SECRETS.values())
    assert not set(shown.values()) & set(SECRETS.values())
