"""What one package began the other finishes: a live site can be swapped, and swapped back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compat.sites import ROOT, Site
from tests.compat.steps import MARKS, PASSWORD, find_code, find_path, post

pytestmark = MARKS

NEW_PASSWORD = "another horse 9 battery"
LOGIN = {"path": "/accounts/login/", "data": {"login": "anna", "password": PASSWORD}}
NEW_LOGIN = {"path": "/accounts/login/", "data": {"login": "anna", "password": NEW_PASSWORD}}
SIGNUP = {
    "path": "/accounts/signup/",
    "data": {
        "email": "ben@example.org",
        "username": "ben",
        "password1": PASSWORD,
        "password2": PASSWORD,
    },
}
MANDATORY = {
    "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "username*", "password1*", "password2*"],
}
BY_CODE = {"ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True}

Maker = Callable[..., Site]


# The database


def test_each_interpreter_has_its_package(tmp_path: Path) -> None:
    site = Site(tmp_path)

    assert site.run("ours", "find_package") == str(ROOT / "allauth")
    assert "site-packages" in site.run("published", "find_package")


def test_tables_are_the_same_and_there_is_nothing_to_migrate(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    schemas = []
    for first, second in (("published", "ours"), ("ours", "published")):
        site = Site(tmp_path_factory.mktemp(first))
        before = site.run(first, "migrate")
        after = site.run(second, "migrate")
        assert before["had_to_do"] > 0
        assert after["had_to_do"] == 0
        assert after["schema"] == before["schema"]
        assert after["applied"] == before["applied"]
        schemas.append(before)

    assert schemas[0] == schemas[1]


def test_tables_are_the_same_where_addresses_need_not_be_unique(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    published, ours = (
        Site(tmp_path_factory.mktemp(package), ACCOUNT_UNIQUE_EMAIL=False).run(package, "migrate")
        for package in ("published", "ours")
    )

    assert published == ours


# Sessions and mails


def test_login_survives(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site()
    site.visit(first, LOGIN)
    assert site.whoami(second) == "anna"

    (page,) = site.visit(second, {"path": "/accounts/email/"})
    assert page["status"] == 200
    assert "anna@example.org" in page["body"]
    site.visit(second, post("/accounts/logout/"))
    assert site.whoami(first) == ""


def test_password_and_last_login_are_understood(
    make_site: Maker, packages: tuple[str, str]
) -> None:
    first, second = packages
    site = make_site()
    change = post(
        "/accounts/password/change/",
        oldpassword=PASSWORD,
        password1=NEW_PASSWORD,
        password2=NEW_PASSWORD,
    )
    site.visit(first, LOGIN, change)
    assert site.whoami(second) == "anna"

    site.forget_cookies()
    old, new = site.visit(second, LOGIN, NEW_LOGIN)
    assert (old["status"], new["status"]) == (200, 302)


def test_verification_link_is_valid(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(**MANDATORY)
    (answer,) = site.visit(first, SIGNUP)
    path = find_path(answer)

    page, confirmed, login = site.visit(
        second,
        {"path": path},
        post(path),
        post("/accounts/login/", login="ben", password=PASSWORD),
    )
    assert (page["status"], confirmed["status"], login["status"]) == (200, 302, 302)
    assert site.whoami(first) == "ben"


def test_stored_verification_key_is_valid(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(**MANDATORY, ACCOUNT_EMAIL_CONFIRMATION_HMAC=False)
    (answer,) = site.visit(first, SIGNUP)
    site.visit(second, post(find_path(answer)))
    site.visit(second, post("/accounts/login/", login="ben", password=PASSWORD))

    assert site.whoami(second) == "ben"


def test_verification_code_is_valid(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(**MANDATORY, **BY_CODE)
    (answer,) = site.visit(first, SIGNUP)

    page, wrong, right = site.visit(
        second,
        {"path": "/accounts/confirm-email/"},
        post("/accounts/confirm-email/", code="BBBB-BBBB"),
        post("/accounts/confirm-email/", code=find_code(answer)),
    )
    assert (page["status"], wrong["status"], right["status"]) == (200, 200, 302)
    assert site.whoami(second) == "ben"
    assert site.whoami(first) == "ben"


def test_wrong_codes_are_remembered(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(**MANDATORY, **BY_CODE)
    wrong = post("/accounts/confirm-email/", code="BBBB-BBBB")
    answer, *_ = site.visit(first, SIGNUP, wrong, wrong)

    third, right = site.visit(
        second, wrong, post("/accounts/confirm-email/", code=find_code(answer))
    )
    assert (third["status"], right["status"]) == (302, 302)
    assert site.whoami(second) == ""


def test_login_that_waits_for_verification_is_finished(
    make_site: Maker, packages: tuple[str, str]
) -> None:
    first, second = packages
    site = make_site(**MANDATORY, ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION=True)
    (answer,) = site.visit(first, post("/accounts/login/", login="cora", password=PASSWORD))
    assert answer["location"] == "/accounts/confirm-email/"
    assert site.whoami(second) == ""

    site.visit(second, post(find_path(answer)))
    assert site.whoami(second) == "cora"
    assert site.whoami(first) == "cora"


def test_login_that_waits_for_a_verification_code_is_finished(
    make_site: Maker, packages: tuple[str, str]
) -> None:
    first, second = packages
    site = make_site(**MANDATORY, **BY_CODE)
    login = post("/accounts/login/", login="cora", password=PASSWORD, next="/whoami/")
    (answer,) = site.visit(first, login)

    (finished,) = site.visit(second, post("/accounts/confirm-email/", code=find_code(answer)))
    assert finished["location"] == "/whoami/"
    assert site.whoami(second) == "cora"


def test_reset_link_is_valid(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site()
    (answer,) = site.visit(first, post("/accounts/password/reset/", email="anna@example.org"))

    (opened,) = site.visit(second, {"path": find_path(answer)})
    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    (done,) = site.visit(second, post(opened["location"], **passwords))
    assert done["location"] == "/accounts/password/reset/key/done/"
    site.visit(first, NEW_LOGIN)
    assert site.whoami(first) == "anna"


def test_reset_link_that_was_opened_is_finished(
    make_site: Maker, packages: tuple[str, str]
) -> None:
    first, second = packages
    site = make_site()
    (answer,) = site.visit(first, post("/accounts/password/reset/", email="anna@example.org"))
    (opened,) = site.visit(first, {"path": find_path(answer)})

    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    done, login = site.visit(second, post(opened["location"], **passwords), NEW_LOGIN)
    assert done["location"] == "/accounts/password/reset/key/done/"
    assert login["status"] == 302
    again = site.visit(first, {"path": find_path(answer)})
    assert again[0]["status"] == 200, "the link is used up"


def test_reset_code_is_valid(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED=True)
    (answer,) = site.visit(first, post("/accounts/password/reset/", email="anna@example.org"))

    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    confirmed, done, login = site.visit(
        second,
        post("/accounts/password/reset/confirm/", code=find_code(answer)),
        post("/accounts/password/reset/complete/", **passwords),
        NEW_LOGIN,
    )
    assert confirmed["location"] == "/accounts/password/reset/complete/"
    assert (done["status"], login["status"]) == (302, 302)
    assert site.whoami(first) == "anna"


def test_reset_code_that_was_confirmed_is_finished(
    make_site: Maker, packages: tuple[str, str]
) -> None:
    first, second = packages
    site = make_site(ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED=True)
    (answer,) = site.visit(first, post("/accounts/password/reset/", email="anna@example.org"))
    site.visit(first, post("/accounts/password/reset/confirm/", code=find_code(answer)))

    passwords = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    site.visit(second, post("/accounts/password/reset/complete/", **passwords), NEW_LOGIN)
    assert site.whoami(second) == "anna"


def test_login_by_code_is_finished(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(ACCOUNT_LOGIN_BY_CODE_ENABLED=True)
    request = post("/accounts/login/code/", email="anna@example.org", next="/whoami/")
    (answer,) = site.visit(first, request)
    assert "/accounts/login/code/confirm/" in answer["location"]

    page, finished = site.visit(
        second,
        {"path": "/accounts/login/code/confirm/"},
        post("/accounts/login/code/confirm/", code=find_code(answer)),
    )
    assert (page["status"], finished["status"]) == (200, 302)
    assert site.whoami(second) == "anna"


def test_login_whose_second_step_is_a_code_is_finished(
    make_site: Maker, packages: tuple[str, str]
) -> None:
    first, second = packages
    site = make_site(ACCOUNT_LOGIN_BY_CODE_ENABLED=True, ACCOUNT_LOGIN_BY_CODE_REQUIRED=True)
    (answer,) = site.visit(first, LOGIN)
    assert site.whoami(second) == ""

    site.visit(second, post("/accounts/login/code/confirm/", code=find_code(answer)))
    assert site.whoami(second) == "anna"
    assert site.whoami(first) == "anna"


def test_suspended_request_is_resumed(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(ACCOUNT_REAUTHENTICATION_REQUIRED=True, ACCOUNT_REAUTHENTICATION_TIMEOUT=300)
    add = post("/accounts/email/", action_add="", email="new@example.org")
    _, suspended = site.visit(first, LOGIN, add)
    assert suspended["location"].startswith("/accounts/reauthenticate/")

    (resumed,) = site.visit(
        second, post("/accounts/reauthenticate/", password=PASSWORD, next="/accounts/email/")
    )
    assert resumed["status"] == 302
    (page,) = site.visit(second, {"path": "/accounts/email/"})
    assert "new@example.org" in page["body"]


def test_rate_limits_go_on_counting(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(ACCOUNT_RATE_LIMITS={"login": "3/m/ip"})
    site.visit(first, *[post("/accounts/login/", login="anna", password="x")] * 2)

    wrong = post("/accounts/login/", login="anna", password="y")
    third, fourth = site.visit(second, wrong, LOGIN)
    assert (third["status"], fourth["status"]) == (200, 429)


def test_failed_logins_are_remembered(make_site: Maker, packages: tuple[str, str]) -> None:
    first, second = packages
    site = make_site(ACCOUNT_RATE_LIMITS={"login_failed": "2/m/key"})
    site.visit(first, *[post("/accounts/login/", login="ANNA", password="x")] * 2)

    (refused,) = site.visit(second, LOGIN)
    assert refused["status"] == 200
    assert site.whoami(second) == ""
