"""Input that no browser sends: odd text, odd sizes, odd hosts. None of it makes an error."""

from __future__ import annotations

import ast
import copy
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.views.debug import SafeExceptionReporterFilter

import allauth
from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.fields import PhoneField
from allauth.account.internal.emailkit import is_email
from allauth.account.models import EmailAddress
from allauth.core.context import request_context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.user_codes import compare_user_code
from allauth.utils import generate_unique_username

CANARY = '"><svg onload=x>'
MEGABYTE = 1_000_000
ODD_TEXTS = {
    "nul": "a\x00b",
    "newline": "a\nb",
    "replacement": "a\ufffdb",
    "right to left": "a\u202eb",
    "zero width": "a\u200bb",
    "noncharacter": "a\uffffb",
    "combining": "a" + "\u0301" * 100,
    "outside the BMP": "\U0001f511",
    "markup": CANARY,
    "template": "{{ settings.SECRET_KEY }}{% load x %}",
    "format": "%(x)s %s {0} {x}",
    "100 kB": "x" * 100_000,
    "1 MB": "x" * MEGABYTE,
    "5000 digits": "9" * 5000,
}
FORMS: dict[str, tuple[list[str], bool]] = {
    "account_login": (["login", "password", "remember"], False),
    "account_signup": (["username", "email", "password1", "password2"], False),
    "account_reset_password": (["email"], False),
    "account_change_password": (["oldpassword", "password1", "password2"], True),
    "account_reauthenticate": (["password"], True),
    "account_email": (["email", "action_add"], True),
    "account_logout": (["next"], False),
}


@pytest.fixture(autouse=True)
def _no_limits(settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def elapsed() -> Iterator[None]:
    """Fail if the test computes for long; steps for each pair of characters would take hours."""
    started = time.process_time()
    yield
    assert time.process_time() - started < 20


def post_everywhere(client: Client, user: Any, name: str, text: str) -> Any:
    fields, is_logged_in = FORMS[name]
    if is_logged_in:
        client.force_login(user)
    return client.post(reverse(name), dict.fromkeys(fields, text))


# Every form


@pytest.mark.requirement("ATK-C36", "ATK-C37", "INV-35", "INV-36")
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
@pytest.mark.parametrize("name", FORMS)
def test_odd_text_is_answered(client: Client, user: Any, name: str, text: str) -> None:
    started = time.process_time()
    response = post_everywhere(client, user, name, text)

    assert time.process_time() - started < 20
    assert get_user_model().objects.count() == 1
    if len(text) * len(FORMS[name][0]) > django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        assert response.status_code == 400
        return
    assert response.status_code in (200, 302)
    if response.status_code == 302:
        assert not re.search(r"[\r\n\x00]", response["Location"])
    else:
        assert CANARY not in response.content.decode()


@pytest.mark.requirement("ATK-C36")
@pytest.mark.parametrize("name", FORMS)
def test_ten_thousand_fields_are_a_bad_request(client: Client, user: Any, name: str) -> None:
    if FORMS[name][1]:
        client.force_login(user)
    body = "&".join(f"f{number}=1" for number in range(10_000))

    url = reverse(name)
    response = client.post(url, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 400


@pytest.mark.requirement("ATK-C37")
@pytest.mark.parametrize("name", FORMS)
def test_text_that_is_no_utf_8_is_answered(client: Client, user: Any, name: str) -> None:
    fields, is_logged_in = FORMS[name]
    if is_logged_in:
        client.force_login(user)
    body = "&".join(f"{field}=%ff%c0%af%ed%a0%80" for field in fields)

    url = reverse(name)
    response = client.post(url, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (200, 302)


@pytest.mark.requirement("ATK-C36", "ATK-C37", "INV-35")
@pytest.mark.parametrize(
    "path",
    [
        "/accounts/confirm-email/{}/",
        "/accounts/password/reset/key/{}-set-password/",
        "/accounts/password/reset/key/1-{}/",
    ],
)
@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
@pytest.mark.django_db
def test_odd_text_in_a_path_is_answered(client: Client, path: str, text: str) -> None:
    response = client.get(path.format(quote(text[:20_000], safe="")))

    assert response.status_code in (200, 302, 404)
    assert CANARY not in response.content.decode()


@pytest.mark.requirement("ATK-C36")
@pytest.mark.django_db
def test_username_that_is_too_long_is_a_field_error(client: Client, password: str) -> None:
    data = {"username": "x" * 100_000, "password1": password, "password2": password}
    response = client.post(reverse("account_signup"), data)

    assert response.status_code == 200
    assert "username" in response.context["form"].errors
    assert not get_user_model().objects.exists()


@pytest.mark.requirement("ATK-C36")
@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
def test_address_that_is_too_long_is_a_field_error(
    client: Client, user: Any, name: str, mailoutbox: Any
) -> None:
    email = f"{'x' * 60}@{'.'.join(['y' * 60] * 4)}.example.org"
    assert len(email) > 254
    if name == "account_email":
        client.force_login(user)

    response = client.post(reverse(name), {"email": email, "action_add": ""})
    assert response.status_code == 200
    assert "email" in response.context["form"].errors
    assert mailoutbox == []
    assert not is_email(email)


@pytest.mark.requirement("ATK-C37")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["ad\u200bmin", "ad\u2060min", "\u202eadmin", "adm\u00adin", "admin\ufeff"]
)
def test_no_two_accounts_differ_by_invisible_characters(
    client: Client, user_factory: Callable[..., Any], password: str, name: str
) -> None:
    user_factory(username="admin")
    data = {"username": name, "password1": password, "password2": password}

    response = client.post(reverse("account_signup"), data)
    assert response.status_code == 200
    assert "username" in response.context["form"].errors


# Long input to whatever normalises


@pytest.mark.requirement("ATK-C34", "INV-36")
@pytest.mark.usefixtures("elapsed")
@pytest.mark.parametrize(
    "text",
    [
        "x" * MEGABYTE,
        "-" * MEGABYTE,
        "\u0345" * MEGABYTE,
        "@" * MEGABYTE,
        "a@" + "a." * (MEGABYTE // 2),
    ],
)
def test_normalizers_take_no_time(rf: Any, settings: Any, text: str) -> None:
    settings.ALLAUTH_TRUSTED_CLIENT_IP_HEADER = "X-Client-IP"
    assert not compare_user_code(actual=text, expected="XKCD")
    assert not is_email(text)
    with pytest.raises(ValidationError):
        PhoneField().clean(text)
    request = rf.get("/", HTTP_USER_AGENT=text, HTTP_X_CLIENT_IP=text)
    with request_context(request):
        assert not get_adapter().is_safe_url(f"//{text}")
        with pytest.raises(PermissionDenied, match="could not be determined"):
            get_adapter().get_client_ip(request)


@pytest.mark.requirement("ATK-C34")
@pytest.mark.django_db
@pytest.mark.usefixtures("elapsed")
@pytest.mark.parametrize(
    "text", ["x" * MEGABYTE, "@" * MEGABYTE, " " * MEGABYTE, "\u0345" * MEGABYTE]
)
def test_generated_username_takes_no_time(text: str) -> None:
    assert len(generate_unique_username([text])) <= 150


@pytest.mark.requirement("ATK-C35")
@pytest.mark.parametrize(
    "text", ["+31612345678\n+1", "+31612345678\n\n;x", "x+31612345678", "+31612345678x"]
)
def test_phone_number_is_matched_whole(text: str) -> None:
    with pytest.raises(ValidationError):
        PhoneField().clean(text)
    with pytest.raises(ValidationError):
        PhoneField.e164_validator("+31612345678\n")


@pytest.mark.requirement("ATK-C35")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/accounts/confirm-email/abc/%0A", "/accounts/login/%0A", "/accounts/email%0A"]
)
def test_path_is_matched_whole(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.requirement("ATK-C35")
def test_no_pattern_lets_a_trailing_newline_through() -> None:
    offenders = []
    for path in Path(allauth.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            patterns = [node.args[0], *(keyword.value for keyword in node.keywords)]
            for pattern in patterns:
                is_open = (
                    isinstance(pattern, ast.Constant)
                    and isinstance(pattern.value, str)
                    and pattern.value.endswith("$")
                )
                # Django matches the whole path against patterns of URLs.
                if is_open and name in ("compile", "match", "search", "RegexValidator"):
                    offenders.append(f"{path.name}: {pattern.value}")

    assert offenders == []


# Hosts


@pytest.mark.requirement("ATK-C15")
@pytest.mark.parametrize("header", ["HTTP_HOST", "SERVER_NAME"])
def test_foreign_host_is_a_bad_request_and_mails_nothing(
    settings: Any, client: Client, user: Any, mailoutbox: Any, header: str
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    response = client.post(
        reverse("account_reset_password"), {"email": user.email}, **{header: "evil.example"}
    )

    assert response.status_code == 400
    assert mailoutbox == []


@pytest.mark.requirement("ATK-C15")
def test_forwarded_host_does_not_count(client: Client, user: Any, mailoutbox: Any) -> None:
    client.post(
        reverse("account_reset_password"),
        {"email": user.email},
        HTTP_X_FORWARDED_HOST="evil.example",
        HTTP_FORWARDED="host=evil.example",
    )

    (mail,) = mailoutbox
    assert "evil.example" not in mail.body
    assert "http://testserver/accounts/password/reset/key/" in mail.body


# Lines of mails


@pytest.mark.requirement("ATK-C24")
def test_name_of_the_site_stays_on_one_line(settings: Any, rf: Any) -> None:
    adapter = get_adapter()
    site = mock.Mock(domain="testserver")
    site.name = "Site\r\nBcc: evil@evil.example"
    context = {"current_site": site, "user": "Anna", "email": "a@example.org"}
    with (
        request_context(rf.get("/")),
        mock.patch("allauth.account.adapter.get_current_site", return_value=site),
    ):
        mail = adapter.render_mail("account/email/unknown_account", "a@example.org", context)

    assert "\n" not in mail.subject
    assert "\r" not in mail.subject
    assert mail.subject.startswith("[Site Bcc: evil@evil.example]")
    message = mail.message()
    assert "Bcc" not in message
    assert message.get_all("To") == ["a@example.org"]


@pytest.mark.requirement("ATK-C24")
@pytest.mark.django_db
def test_sender_with_a_line_break_is_not_sent(settings: Any, rf: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "site@example.org\nBcc: evil@evil.example"
    with request_context(rf.get("/")), pytest.raises(ValueError, match=r"(?i)newline|header"):
        get_adapter().send_mail("account/email/unknown_account", "a@example.org", {})


# Templates in text


@pytest.mark.requirement("ATK-C25")
@pytest.mark.parametrize(
    "text", ["{{ settings.SECRET_KEY }}", "{% load account %}", "{{ user.password }}"]
)
def test_templates_in_user_text_are_printed(
    settings: Any,
    client: Client,
    user_factory: Callable[..., Any],
    password: str,
    mailoutbox: Any,
    text: str,
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    user = user_factory(username=text, email="u@example.org")
    response = client.post(
        reverse("account_login"), {"login": text, "password": password}, follow=True
    )
    assert text in str(next(iter(response.wsgi_request._messages._queued_messages), text))
    page = client.get(reverse("account_email")).content.decode()
    assert django_settings.SECRET_KEY not in page
    assert user.password not in page

    new = "another horse 9 battery"
    data = {"oldpassword": password, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), data, HTTP_USER_AGENT=text)
    (mail,) = mailoutbox
    assert text in mail.body
    assert django_settings.SECRET_KEY not in mail.body


# Output


@pytest.mark.requirement("INV-46", "ATK-C23")
def test_user_text_is_escaped_everywhere(
    settings: Any, client: Client, user_factory: Callable[..., Any], password: str, mailoutbox: Any
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    user = user_factory(username=f"{CANARY}\r\nX: y", email="a@example.org")
    address = EmailAddress.objects.get(user=user)
    address.email = f"{CANARY}@example.org"
    address.save()
    client.force_login(user)

    pages = [
        client.get(reverse(name), {"next": CANARY})
        for name in (
            "account_email",
            "account_change_password",
            "account_logout",
            "account_reauthenticate",
            "account_email_verification_sent",
            "account_inactive",
            "account_reset_password",
        )
    ]
    new = "another horse 9 battery"
    data = {"oldpassword": password, "password1": new, "password2": new}
    changed = client.post(
        reverse("account_change_password"), data, follow=True, HTTP_USER_AGENT=CANARY
    )
    removed = client.post(
        reverse("account_email"), {"action_remove": "", "email": address.email}, follow=True
    )
    for page in [*pages, changed, removed]:
        assert page.status_code == 200
        assert "<svg" not in page.content.decode()
        assert "\nX:" not in str(page.headers)
    assert "&lt;svg onload=x&gt;" in pages[0].content.decode()
    for mail in mailoutbox:
        assert "\n" not in mail.subject


@pytest.mark.requirement("INV-46", "SEC-011")
def test_message_is_escaped_exactly_once(
    settings: Any, client: Client, user_factory: Callable[..., Any], password: str
) -> None:
    settings.LOGIN_REDIRECT_URL = "account_email"
    user_factory(username=f"A & {CANARY}", email="a@example.org")

    page = client.post(
        reverse("account_login"), {"login": f"A & {CANARY}", "password": password}, follow=True
    ).content.decode()
    assert "A &amp; &quot;&gt;&lt;svg onload=x&gt;" in page
    assert "&amp;amp;" not in page
    assert "&amp;lt;" not in page


@pytest.mark.requirement("SEC-023")
def test_long_user_agent_is_cut(
    settings: Any, client: Client, user: Any, password: str, mailoutbox: Any
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    client.force_login(user)
    new = "another horse 9 battery"
    data = {"oldpassword": password, "password1": new, "password2": new}

    agent = "Z" * 100_000
    response = client.post(reverse("account_change_password"), data, HTTP_USER_AGENT=agent)
    assert response.status_code == 302
    assert mailoutbox[0].body.count("Z" * 200) == 1
    assert "Z" * 201 not in mailoutbox[0].body


# Codes


@pytest.mark.requirement("SEC-021")
@pytest.mark.parametrize(
    "typed",
    ["é", "１２３４５６７８", "", " ", "\x00", "[1]", "x" * 100_000, ["a", "b"]],  # noqa: RUF001
)
def test_odd_code_is_one_wrong_attempt(
    settings: Any, client: Client, user: Any, password: str, typed: Any
) -> None:
    settings.ACCOUNT_LOGIN_BY_CODE_REQUIRED = True
    settings.ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
    client.post(reverse("account_login"), {"login": user.username, "password": password})
    url = reverse("account_confirm_login_code")

    wrong = client.post(url, {"code": "wrong"})
    odd = client.post(url, {"code": typed})
    assert odd.status_code == wrong.status_code == 200
    assert "code" in odd.context["form"].errors
    last = client.post(url, {"code": "wrong"})
    assert last.status_code == 302, "three wrong codes end the login"
    assert "_auth_user_id" not in client.session


# Failing stores


@pytest.mark.requirement("ATK-C38")
@pytest.mark.parametrize("broken", ["load", "save"])
def test_refusal_is_answered_while_sessions_are_broken(
    settings: Any, client_factory: Callable[..., Client], user: Any, broken: str
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "0/m"}
    # Whatever asks for the user before the view cannot be answered for.
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if not name.endswith(".LoginRequiredMiddleware")
    ]
    client = client_factory(raise_request_exception=False)
    client.force_login(user)

    store = f"django.contrib.sessions.backends.db.SessionStore.{broken}"
    with mock.patch(store, side_effect=OperationalError("read-only")):
        response = client.post(reverse("account_login"), {})
    assert response.status_code == 429


class RefusingAdapter(DefaultAccountAdapter):
    """Answers every sign-up by itself."""

    def is_open_for_signup(self, request: Any) -> bool:
        raise ImmediateHttpResponse(HttpResponse("closed", status=418))


@pytest.mark.requirement("ATK-C38")
def test_immediate_response_is_answered_while_sessions_cannot_be_saved(
    settings: Any, client: Client, db: None
) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.RefusingAdapter"

    store = "django.contrib.sessions.backends.db.SessionStore.save"
    with mock.patch(store, side_effect=OperationalError("read-only")):
        response = client.get(reverse("account_signup"))
    assert response.status_code == 418


@pytest.mark.requirement("ATK-C38")
@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["", "x", "x" * 32, "\x01", "../../etc/passwd", "a" * 4000])
def test_garbage_for_a_session_is_nobody(client: Client, cookie: str) -> None:
    client.cookies["sessionid"] = cookie

    assert client.get(reverse("account_login")).status_code == 200
    assert client.get(reverse("account_email")).status_code == 302


# Configuration


@pytest.mark.requirement("INV-44")
def test_configuration_is_left_as_it_is(
    settings: Any, client: Client, user: Any, password: str
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "9/m", "signup": None}
    settings.ACCOUNT_FORMS = {"login": "allauth.account.forms.LoginForm"}
    settings.ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
    settings.ACCOUNT_LOGIN_METHODS = {"email", "username"}
    settings.ALLAUTH_USER_CODE_FORMAT = {"length": 10}
    settings.ACCOUNT_USERNAME_BLACKLIST = ["root"]
    names = [name for name in dir(settings) if name.startswith(("ACCOUNT_", "ALLAUTH_"))]
    before = {name: copy.deepcopy(getattr(settings, name)) for name in names}

    for name in FORMS:
        post_everywhere(client, user, name, "x")
    client.logout()
    for name in ("account_login", "account_signup"):
        client.get(reverse(name), {"scope": "x", "next": "/x"})
    assert {name: getattr(settings, name) for name in names} == before


@pytest.mark.requirement("SEC-015")
def test_names_of_secret_settings_are_recognized(settings: Any) -> None:
    hidden = SafeExceptionReporterFilter().hidden_settings
    for name in (
        "ACCOUNT_SALT_KEY",
        "certificate_key",
        "client_secret",
        "HEADLESS_JWT_PRIVATE_KEY",
        "IDP_OIDC_PRIVATE_KEY",
        "IDP_OIDC_PRIVATE_KEYS",
    ):
        assert hidden.search(name), name
    app = {"client_id": "x", "secret": "s3cret", "settings": {"certificate_key": "s3cret"}}
    cleansed = SafeExceptionReporterFilter().cleanse_setting(
        "SOCIALACCOUNT_PROVIDERS", {"apple": {"APPS": [app]}}
    )
    assert "s3cret" not in repr({**cleansed["apple"]["APPS"][0]})
