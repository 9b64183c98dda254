"""Flows that are replaced in their modules, as suites of dependents do, are those the pages use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import pytest
from django.test import Client

from allauth.account.models import EmailAddress
from tests.projects.custom_hooks import views as guarded_views
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    EMAIL,
    EMAIL_VERIFICATION_SENT,
    LOGIN_CODE_CONFIRM,
    needs_providers,
    request_login_code,
    reset_password_by_code,
    reset_password_by_link,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse 7 battery"
REAUTHENTICATE = "/accounts/reauthenticate/"


class Scene(NamedTuple):
    """Who does what, and how the site is configured."""

    client: Client
    user: Any
    settings: Any


def use(scene: Scene, **values: Any) -> None:
    """Set settings of the account app, and route its pages."""
    for name, value in values.items():
        setattr(scene.settings, f"ACCOUNT_{name}", value)
    route_account_pages(scene.settings, *guarded_views.urlpatterns)


def unverify(user: Any) -> None:
    EmailAddress.objects.filter(user=user).update(verified=False)


def log_in(scene: Scene) -> Any:
    return submit_login(scene.client, scene.user.username, PASSWORD)


def log_in_by_code(scene: Scene) -> Any:
    use(scene, LOGIN_BY_CODE_ENABLED=True)
    request_login_code(scene.client, scene.user.email)
    return submit_code(scene.client, LOGIN_CODE_CONFIRM, read_code())


def log_in_with_a_required_code(scene: Scene) -> Any:
    use(scene, LOGIN_BY_CODE_REQUIRED=True)
    log_in(scene)
    return submit_code(scene.client, LOGIN_CODE_CONFIRM, read_code())


def sign_up(scene: Scene) -> Any:
    return submit_signup(scene.client, username="new", email="new@example.org")


def sign_up_with_a_taken_address(scene: Scene) -> Any:
    use(scene, EMAIL_VERIFICATION="mandatory")
    return submit_signup(scene.client, username="new", email=scene.user.email)


def reset_by_link(scene: Scene) -> Any:
    use(scene, LOGIN_ON_PASSWORD_RESET=True)
    return reset_password_by_link(scene.client, scene.user.email)


def reset_by_code(scene: Scene) -> Any:
    use(scene, LOGIN_ON_PASSWORD_RESET=True, PASSWORD_RESET_BY_CODE_ENABLED=True)
    return reset_password_by_code(scene.client, scene.user.email)


def verify_by_link(scene: Scene) -> Any:
    use(scene, EMAIL_VERIFICATION="mandatory", LOGIN_ON_EMAIL_CONFIRMATION=True)
    unverify(scene.user)
    log_in(scene)
    return scene.client.post(read_path())


def verify_by_code(scene: Scene) -> Any:
    use(scene, EMAIL_VERIFICATION="mandatory", EMAIL_VERIFICATION_BY_CODE_ENABLED=True)
    unverify(scene.user)
    log_in(scene)
    return submit_code(scene.client, EMAIL_VERIFICATION_SENT, read_code())


def add_address(scene: Scene) -> Any:
    scene.client.force_login(scene.user)
    return scene.client.post(EMAIL, {"action_add": "", "email": "more@example.org"})


def add_address_when_protected(scene: Scene) -> Any:
    use(scene, REAUTHENTICATION_REQUIRED=True)
    return add_address(scene)


def remove_address_when_protected(scene: Scene) -> Any:
    use(scene, REAUTHENTICATION_REQUIRED=True)
    scene.client.force_login(scene.user)
    return scene.client.post(EMAIL, {"action_remove": "", "email": scene.user.email})


def visit_guarded_view(scene: Scene) -> Any:
    use(scene)
    scene.client.force_login(scene.user)
    return scene.client.get("/reauthenticated/sync/function/1/")


def reauthenticate(scene: Scene) -> Any:
    add_address_when_protected(scene)
    url = f"{REAUTHENTICATE}?next={EMAIL}"
    return scene.client.post(url, {"password": PASSWORD})


def come_from_provider(scene: Scene) -> Any:
    from tests.socialaccount.club import add_account, arrive

    add_account(scene.user, 7)
    return arrive(scene.client, 7)


def come_from_provider_when_logged_in(scene: Scene) -> Any:
    scene.client.force_login(scene.user)
    return come_from_provider(scene)


def sign_up_at_provider(scene: Scene) -> Any:
    from tests.socialaccount.club import arrive

    return arrive(scene.client, 8, email="new@example.org", username="new")


def sign_up_at_provider_with_a_taken_address(scene: Scene) -> Any:
    from tests.socialaccount.club import arrive

    use(scene, EMAIL_VERIFICATION="mandatory")
    return arrive(scene.client, 8, email=scene.user.email, username="new")


def sign_up_by_form(scene: Scene) -> Any:
    from tests.socialaccount.club import SIGNUP, arrive

    scene.settings.SOCIALACCOUNT_AUTO_SIGNUP = False
    arrive(scene.client, 8, email="new@example.org", username="new")
    return scene.client.post(SIGNUP, {"email": "new@example.org", "username": "new"})


def connect_when_protected(scene: Scene) -> Any:
    from tests.socialaccount.club import arrive

    scene.settings.ACCOUNT_REAUTHENTICATION_REQUIRED = True
    scene.client.force_login(scene.user)
    return arrive(scene.client, 7, process="connect")


ACCOUNT = "allauth.account.internal.flows"
SOCIAL = "allauth.socialaccount.internal.flows"

CALLS: list[tuple[str, Callable[[Scene], Any]]] = [
    (f"{ACCOUNT}.login.perform_password_login", log_in),
    (f"{ACCOUNT}.login.perform_login", log_in),
    (f"{ACCOUNT}.login.perform_login", log_in_by_code),
    (f"{ACCOUNT}.login.perform_login", sign_up),
    (f"{ACCOUNT}.login.perform_login", reset_by_link),
    (f"{ACCOUNT}.login.perform_login", reset_by_code),
    (f"{ACCOUNT}.login.perform_login", come_from_provider),
    (f"{ACCOUNT}.login.perform_login", sign_up_at_provider),
    (f"{ACCOUNT}.login.resume_login", log_in),
    (f"{ACCOUNT}.login.resume_login", log_in_with_a_required_code),
    (f"{ACCOUNT}.login.resume_login", verify_by_link),
    (f"{ACCOUNT}.login.resume_login", verify_by_code),
    (f"{ACCOUNT}.login.resume_login", sign_up_with_a_taken_address),
    (f"{ACCOUNT}.signup.complete_signup", sign_up),
    (f"{ACCOUNT}.signup.prevent_enumeration", sign_up_with_a_taken_address),
    (f"{ACCOUNT}.signup.prevent_enumeration", sign_up_at_provider_with_a_taken_address),
    (f"{ACCOUNT}.email_verification.login_on_verification", verify_by_link),
    (f"{ACCOUNT}.email_verification.login_on_verification", verify_by_code),
    (f"{ACCOUNT}.manage_email.add_email", add_address),
    (f"{ACCOUNT}.reauthentication.suspend_request", add_address_when_protected),
    (f"{ACCOUNT}.reauthentication.suspend_request", visit_guarded_view),
    (f"{ACCOUNT}.reauthentication.resume_request", reauthenticate),
    (f"{ACCOUNT}.reauthentication.stash_and_reauthenticate", connect_when_protected),
    (f"{ACCOUNT}.reauthentication.did_recently_reauthenticate", add_address_when_protected),
    (f"{ACCOUNT}.reauthentication.did_recently_reauthenticate", remove_address_when_protected),
    (f"{ACCOUNT}.reauthentication.did_recently_reauthenticate", visit_guarded_view),
    (f"{ACCOUNT}.reauthentication.did_recently_reauthenticate", connect_when_protected),
    (f"{SOCIAL}.login.complete_login", come_from_provider),
    (f"{SOCIAL}.login.get_account_adapter", come_from_provider_when_logged_in),
    (f"{SOCIAL}.login._login", come_from_provider),
    (f"{SOCIAL}.login._authenticate", come_from_provider),
    (f"{SOCIAL}.login._authenticate", sign_up_at_provider),
    (f"{SOCIAL}.signup.signup_by_form", sign_up_by_form),
]


def make_params() -> list[Any]:
    return [
        pytest.param(
            name,
            act,
            id=f"{name.removeprefix('allauth.')} {act.__name__}",
            marks=needs_providers if "provider" in act.__name__ or act in BY_PROVIDER else (),
        )
        for name, act in CALLS
    ]


BY_PROVIDER = {sign_up_by_form, connect_when_protected}


ASKED_REPEATEDLY = ("did_recently_reauthenticate", "get_account_adapter")


def patch(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[Any, ...]]:
    """Have calls of a published function noted, and made all the same."""
    module_name, _, function_name = name.rpartition(".")
    module = import_module(module_name)
    original = getattr(module, function_name)
    calls: list[tuple[Any, ...]] = []

    def call(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        return original(*args, **kwargs)

    monkeypatch.setattr(module, function_name, call)
    return calls


@pytest.mark.parametrize(("name", "act"), make_params())
def test_page_calls_what_is_in_the_module(
    client: Client,
    user: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    act: Callable[[Scene], Any],
) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    calls = patch(monkeypatch, name)

    response = act(Scene(client, user, settings))

    assert response.status_code == 302
    assert calls
    if not name.endswith(ASKED_REPEATEDLY):
        path = response.wsgi_request.path
        assert [request.path for request, *_ in calls].count(path) == 1


def test_what_is_in_the_module_decides(
    client: Client, user: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(f"{ACCOUNT}.reauthentication")
    monkeypatch.setattr(module, "did_recently_reauthenticate", lambda request: True)

    add_address_when_protected(Scene(client, user, settings))

    assert EmailAddress.objects.filter(email="more@example.org").exists()
    assert is_logged_in(client, user)
