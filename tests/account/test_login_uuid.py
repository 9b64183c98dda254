"""Users whose primary key is a UUID.

The user model is fixed as a project starts, so that these tests run in a process of their own,
under the project ``custom_users``; the first one starts it.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import Client

from allauth.account.internal.userkit import get_user_by_id, str_to_user_id, user_id_to_str
from allauth.account.utils import url_str_to_user_pk, user_pk_to_url_str
from tests.support.mails import read_code, read_path
from tests.support.pages import (
    LOGIN_CODE_CONFIRM,
    LOGOUT,
    STRONG_PASSWORD,
    request_login_code,
    reset_password_by_link,
    route_account_pages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import is_logged_in, read_session

IS_UUID = django_settings.AUTH_USER_MODEL == "custom_users.Person"
uuid_users = pytest.mark.skipif(
    not IS_UUID, reason="needs users with UUIDs, as in the project custom_users"
)


@pytest.mark.requirement("SEC-071")
@pytest.mark.skipif(IS_UUID, reason="this is the process that it starts")
def test_users_with_uuid_keys_can_do_all_of_this() -> None:
    """Runs the other tests of this file."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    outcome = subprocess.run(
        [*command, "--ds=tests.projects.custom_users.settings", __file__],
        capture_output=True,
        text=True,
        check=False,
    )

    assert outcome.returncode == 0, outcome.stdout
    assert "passed" in outcome.stdout


@uuid_users
@pytest.mark.django_db
class TestUuidUsers:
    @pytest.mark.requirement("SEC-071")
    def test_login_by_password_works(self, client: Client, user: Any, password: str) -> None:
        submit_login(client, user.username, password)

        assert is_logged_in(client, user)
        session = read_session(client)
        assert session["account_authentication_methods_user"] == str(user.pk)

    @pytest.mark.requirement("SEC-071")
    def test_login_that_waits_goes_on(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
        submit_login(client, user.username, password)
        assert read_session(client)["account_login"]["user_pk"] == user.pk.hex

        submit_code(client, LOGIN_CODE_CONFIRM, read_code())

        assert is_logged_in(client, user)

    @pytest.mark.requirement("SEC-071")
    def test_login_by_code_works(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_LOGIN_BY_CODE_ENABLED = True
        route_account_pages(settings)
        request_login_code(client, user.email)
        state = read_session(client)["account_login"]["state"]["stages"]["login_by_code"]["data"]
        assert state["user_id"] == str(user.pk)

        submit_code(client, LOGIN_CODE_CONFIRM, read_code())

        assert is_logged_in(client, user)

    @pytest.mark.requirement("SEC-071")
    def test_reset_link_works(self, client: Client, user: Any) -> None:
        reset_password_by_link(client, user.email)

        assert f"/accounts/password/reset/key/{user.pk.hex}-" in read_path()
        user.refresh_from_db()
        assert user.check_password(STRONG_PASSWORD)

    @pytest.mark.requirement("SEC-071")
    @pytest.mark.parametrize("uid", ["", "zzz", "1", "0" * 32, "g" * 32])
    def test_reset_link_of_nobody_is_refused(self, client: Client, user: Any, uid: str) -> None:
        response = client.get(f"/accounts/password/reset/key/{uid or 'x'}-abc/")

        assert response.status_code == 200
        assert response.context["token_fail"]

    @pytest.mark.requirement("SEC-071")
    def test_signup_and_verification_work(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
        submit_signup(client, username="new", email="new@example.org")

        client.post(read_path())

        assert is_logged_in(client, get_user_model().objects.get())
        client.post(LOGOUT)
        assert not is_logged_in(client)

    @pytest.mark.requirement("SEC-071")
    def test_reauthentication_works(self, client: Client, user: Any, password: str) -> None:
        client.force_login(user)

        response = client.post("/accounts/reauthenticate/", {"password": password})

        assert response.status_code == 302

    def test_ids_as_text(self, user: Any) -> None:
        assert user_pk_to_url_str(user) == user.pk.hex
        assert url_str_to_user_pk(user.pk.hex) == user.pk
        assert url_str_to_user_pk(str(user.pk)) == user.pk
        assert user_id_to_str(user) == str(user.pk)
        assert str_to_user_id(str(user.pk)) == user.pk
        assert get_user_by_id(str(user.pk)) == user
        for malformed in ("x", "1", None, 5, [], str(uuid.uuid4())):
            assert get_user_by_id(malformed) is None
        with pytest.raises(ValueError):  # noqa: PT011 - whichever words Python has for it
            url_str_to_user_pk("x")
