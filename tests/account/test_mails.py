"""The mails that are sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template import TemplateDoesNotExist
from django.test import Client

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.models import EmailAddress
from allauth.core import context
from tests.support.mails import read_body, read_code, read_link, read_path
from tests.support.pages import (
    EMAIL,
    LOGIN_CODE_REQUEST,
    PASSWORD_CHANGE,
    PASSWORD_SET,
    RESET,
    RESET_CODE_CONFIRM,
    STRONG_PASSWORD,
    configure,
    list_messages,
    submit_code,
    submit_login,
    submit_signup,
)
from tests.support.sessions import make_request

pytestmark = pytest.mark.django_db
NEW_PASSWORD = {"password1": STRONG_PASSWORD, "password2": STRONG_PASSWORD}


@pytest.fixture
def adapter() -> Any:
    """An adapter within a request."""
    with context.request_context(make_request()):
        yield get_adapter()


@pytest.fixture
def templates(settings: Any, tmp_path: Path) -> Callable[..., None]:
    """Write templates of the project, by name."""

    def write(**files: str) -> None:
        (tmp_path / "mine").mkdir(exist_ok=True)
        for name, text in files.items():
            stem, _, extension = name.rpartition("__")
            (tmp_path / "mine" / f"{stem}.{extension}").write_text(text)
        engine = dict(settings.TEMPLATES[0])
        engine["DIRS"] = [tmp_path]
        settings.TEMPLATES = [engine]

    return write


# Which mail comes when


def test_verification_mails_name_their_occasion(
    client: Client, user_factory: Callable[..., Any], settings: Any
) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.RecordingAdapter"
    RecordingAdapter.sent.clear()
    submit_signup(client, username="newcomer", email="newcomer@example.org")
    client.post(EMAIL, {"action_add": "", "email": "more@example.org"})

    assert [(prefix, email) for prefix, email, _ in RecordingAdapter.sent] == [
        ("account/email/email_confirmation_signup", "newcomer@example.org"),
        ("account/email/email_confirmation", "more@example.org"),
    ]
    for _, _, values in RecordingAdapter.sent:
        assert set(values) == {"user", "key", "activate_url"}
        assert values["key"] in values["activate_url"]


class RecordingAdapter(DefaultAccountAdapter):
    """Notes which mails there would be."""

    sent: list[tuple[str, str, dict[str, Any]]] = []

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        self.sent.append((template_prefix, email, context))


class AsyncRecordingAdapter(DefaultAccountAdapter):
    """Does so in the other color."""

    async def send_mail(  # type: ignore[override]
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        RecordingAdapter.sent.append((template_prefix, email, context))


@pytest.mark.parametrize("adapter_name", ["RecordingAdapter", "AsyncRecordingAdapter"])
def test_each_flow_sends_its_mail(
    client: Client, user: Any, settings: Any, adapter_name: str
) -> None:
    settings.ACCOUNT_ADAPTER = f"{__name__}.{adapter_name}"
    settings.ACCOUNT_RATE_LIMITS = False
    RecordingAdapter.sent.clear()
    signup_fields = ["username*", "email*", "password1*", "password2*"]
    configure(
        settings,
        LOGIN_BY_CODE_ENABLED=True,
        EMAIL_VERIFICATION="mandatory",
        SIGNUP_FIELDS=signup_fields,
    )
    client.post(RESET, {"email": user.email})
    client.post(RESET, {"email": "nobody@example.org"})
    submit_signup(client, username="newcomer", email=user.email)
    client.post("/accounts/logout/")
    client.post(LOGIN_CODE_REQUEST, {"email": user.email})
    client.post("/accounts/logout/")
    configure(
        settings, PASSWORD_RESET_BY_CODE_ENABLED=True, EMAIL_VERIFICATION_BY_CODE_ENABLED=True
    )
    client.post(RESET, {"email": user.email})
    submit_signup(client, username="another", email="another@example.org")

    flows = {
        prefix.removeprefix("account/email/"): set(v) for prefix, _, v in RecordingAdapter.sent
    }
    assert flows == {
        "password_reset_key": {
            "user",
            "password_reset_url",
            "uid",
            "key",
            "request",
            "username",
        },
        "unknown_account": {"request", "signup_url"},
        "account_already_exists": {"signup_url", "password_reset_url"},
        "login_code": {"request", "code"},
        "password_reset_code": {"request", "code"},
        "email_confirmation_signup": {"user", "code"},
    }


# Notifications


@pytest.fixture
def notifications(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.mark.requirement("SEC-165")
@pytest.mark.usefixtures("notifications")
def test_notification_tells_time_address_and_browser(
    client_factory: Callable[..., Client], user: Any, password: str
) -> None:
    agent = "Browser/1.0 " + "x" * 300
    client = client_factory(REMOTE_ADDR="192.0.2.55", headers={"user-agent": agent})
    submit_login(client, user.username, password)
    client.post(PASSWORD_CHANGE, {"oldpassword": password, **NEW_PASSWORD})

    (message,) = mail.outbox
    assert message.to == [user.email]
    assert "192.0.2.55" in read_body()
    assert agent[:200] in read_body()
    assert agent[:201] not in read_body()
    assert "Date:" in read_body()
    for secret in (password, STRONG_PASSWORD):
        assert secret not in read_body()


@pytest.mark.requirement("SEC-165", "ATK-A48")
@pytest.mark.usefixtures("notifications")
def test_change_of_address_is_told_to_the_former_one(client: Client, user: Any) -> None:
    former = user.email
    EmailAddress.objects.create(user=user, email="thief@example.org", verified=True)
    client.force_login(user)

    client.post(EMAIL, {"action_primary": "", "email": "thief@example.org"})
    assert [message.to for message in mail.outbox] == [[former]]
    assert former in read_body()
    assert "thief@example.org" in read_body()


@pytest.mark.requirement("SEC-165", "ATK-A48")
@pytest.mark.usefixtures("notifications")
def test_replaced_address_is_told(client: Client, user: Any, settings: Any) -> None:
    settings.ACCOUNT_CHANGE_EMAIL = True
    former = user.email
    client.force_login(user)
    client.post(EMAIL, {"action_add": "", "email": "new@example.org"})
    client.post(read_path())

    assert mail.outbox[-1].to == [former]
    assert mail.outbox[-1].subject.endswith("Your email address was changed")


@pytest.mark.requirement("SEC-165")
@pytest.mark.usefixtures("notifications")
def test_removal_is_told(client: Client, user: Any) -> None:
    EmailAddress.objects.create(user=user, email="gone@example.org", verified=True)
    client.force_login(user)
    client.post(EMAIL, {"action_remove": "", "email": "gone@example.org"})

    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "gone@example.org" in read_body()


@pytest.mark.usefixtures("notifications")
def test_nobody_is_told_where_there_is_no_address(
    client: Client, user_factory: Callable[..., Any]
) -> None:
    client.force_login(user_factory(email="", password=None))

    assert client.post(PASSWORD_SET, NEW_PASSWORD).status_code == 302
    assert not mail.outbox


class RaisingBackend(BaseEmailBackend):
    """A mail server that is down."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("the mail server is down")


@pytest.mark.requirement("ATK-A73", "INV-48")
@pytest.mark.usefixtures("notifications")
def test_change_survives_a_notification_that_cannot_be_sent(
    client: Client, user: Any, password: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    take_mail_server_down(settings)
    submit_login(client, user.username, password)

    response = client.post(PASSWORD_CHANGE, {"oldpassword": password, **NEW_PASSWORD})
    assert response["Location"] == PASSWORD_CHANGE
    assert list_messages(response)[-1][0] == "success"
    user.refresh_from_db()
    assert user.check_password(STRONG_PASSWORD)
    assert client.get(PASSWORD_CHANGE).status_code == 200
    assert "could not be sent" in caplog.text
    assert STRONG_PASSWORD not in caplog.text


def take_mail_server_down(settings: Any) -> None:
    """From here on mail cannot be sent."""
    backend = f"{RaisingBackend.__module__}.{RaisingBackend.__qualname__}"
    if getattr(settings, "MAILERS", None):
        settings.MAILERS = {"default": {"BACKEND": backend}}
    else:
        settings.EMAIL_BACKEND = backend


@pytest.mark.requirement("ATK-A73", "INV-48")
@pytest.mark.usefixtures("notifications")
def test_change_survives_an_unknown_client_address(
    client_factory: Callable[..., Client], user: Any, password: str
) -> None:
    client = client_factory(REMOTE_ADDR="no address")
    client.force_login(user)

    response = client.post(PASSWORD_CHANGE, {"oldpassword": password, **NEW_PASSWORD})
    assert response.status_code == 302
    user.refresh_from_db()
    assert user.check_password(STRONG_PASSWORD)
    assert len(mail.outbox) == 1


@pytest.mark.requirement("INV-48")
def test_what_needs_a_mail_is_not_done_without(client: Client, user: Any, settings: Any) -> None:
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True, LOGIN_BY_CODE_ENABLED=True)
    take_mail_server_down(settings)
    before = dict(client.session)

    for page in (RESET, LOGIN_CODE_REQUEST):
        with pytest.raises(ConnectionRefusedError):
            client.post(page, {"email": user.email})
        assert dict(client.session) == before


# How mails are made


def test_plain_mail(adapter: Any, templates: Callable[..., None], settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "site@example.org"
    settings.ACCOUNT_EMAIL_SUBJECT_PREFIX = "> "
    templates(mail_subject__txt="About\n {{ thing }} \n", mail_message__txt="\nHello {{ thing }}\n")

    message = adapter.render_mail("mine/mail", "a@example.org", {"thing": "it"}, {"X-Mine": "1"})
    assert isinstance(message, EmailMultiAlternatives)
    assert message.subject == "> About  it"
    assert message.body == "Hello it"
    assert message.to == ["a@example.org"]
    assert message.from_email == "site@example.org"
    assert message.extra_headers == {"X-Mine": "1"}
    assert message.alternatives == []


def test_mail_in_both_forms(adapter: Any, templates: Callable[..., None]) -> None:
    templates(mail_subject__txt="S", mail_message__txt="plain", mail_message__html="<p>rich</p>")

    message = adapter.render_mail("mine/mail", ["a@example.org", "b@example.org"], {})
    assert message.body == "plain"
    assert [tuple(alternative) for alternative in message.alternatives] == [
        ("<p>rich</p>", "text/html")
    ]
    assert message.to == ["a@example.org", "b@example.org"]


def test_mail_in_rich_form_only(adapter: Any, templates: Callable[..., None]) -> None:
    templates(mail_subject__txt="S", mail_message__html="<p>{{ x }}</p>")

    message = adapter.render_mail("mine/mail", "a@example.org", {"x": "<i>"})
    assert (message.content_subtype, message.body) == ("html", "<p>&lt;i&gt;</p>")


def test_mail_without_a_body_is_an_error(adapter: Any, templates: Callable[..., None]) -> None:
    templates(mail_subject__txt="S")

    with pytest.raises(TemplateDoesNotExist):
        adapter.render_mail("mine/mail", "a@example.org", {})


def test_extension_is_a_setting(
    adapter: Any, templates: Callable[..., None], settings: Any
) -> None:
    settings.ACCOUNT_TEMPLATE_EXTENSION = "htm"
    templates(mail_subject__txt="S", mail_message__htm="<p>mine</p>")

    assert adapter.render_mail("mine/mail", "a@example.org", {}).body == "<p>mine</p>"


@pytest.mark.parametrize("name", ["a\nBcc: evil@example.org", "a\r\nX: y", "a\x0bb", "a\u2028b"])
def test_subject_has_no_line_breaks(
    adapter: Any, templates: Callable[..., None], settings: Any, name: str
) -> None:
    settings.ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{name} "
    templates(mail_subject__txt="{{ name }}", mail_message__txt="x")

    message = adapter.render_mail("mine/mail", "a@example.org", {"name": name})
    assert len(message.subject.splitlines()) == 1
    assert message.message()["Bcc"] is None


def test_subject_begins_with_the_name_of_the_site(adapter: Any) -> None:
    from django.contrib.sites.shortcuts import get_current_site

    name = get_current_site(context.request).name
    assert adapter.format_email_subject("S") == f"[{name}] S"


@pytest.mark.parametrize("prefix", ["", "Mine: "])
def test_prefix_is_a_setting(adapter: Any, settings: Any, prefix: str) -> None:
    settings.ACCOUNT_EMAIL_SUBJECT_PREFIX = prefix

    assert adapter.format_email_subject("S") == f"{prefix}S"


def test_send_mail_adds_what_all_mails_know(
    adapter: Any, templates: Callable[..., None], settings: Any
) -> None:
    templates(
        mail_subject__txt="{{ email }}",
        mail_message__txt="{{ request.path }} {{ current_site.domain }} {{ mine }} {{ email }}",
    )

    adapter.send_mail("mine/mail", "a@example.org", {"mine": 1, "email": "override"})
    assert read_body().startswith("/ ")
    assert read_body().endswith(" 1 override")
    assert mail.outbox[0].to == ["a@example.org"]


# Links


@pytest.mark.requirement("SEC-164")
@pytest.mark.parametrize("protocol", ["https", "http"])
def test_links_are_of_the_protocol_configured(
    client: Client, user: Any, settings: Any, protocol: str
) -> None:
    settings.ACCOUNT_DEFAULT_HTTP_PROTOCOL = protocol
    settings.ACCOUNT_RATE_LIMITS = False
    client.post(RESET, {"email": user.email})
    client.post(RESET, {"email": "nobody@example.org"})
    client.force_login(user)
    client.post(EMAIL, {"action_send": "", "email": user.email})

    for index in range(3):
        assert urlsplit(read_link(index)).scheme == protocol


@pytest.mark.requirement("INV-33")
@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-for": "evil.example"},
        {"forwarded": "host=evil.example"},
        {"x-original-host": "evil.example"},
        {"referer": "https://evil.example/"},
        {"origin": "https://evil.example"},
    ],
)
def test_forwarding_headers_do_not_change_links(
    client: Client, user: Any, headers: dict[str, str]
) -> None:
    client.post(RESET, {"email": user.email}, headers=headers)

    assert "evil.example" not in read_body()


@pytest.mark.requirement("INV-33")
def test_host_that_django_refuses_sends_nothing(client: Client, user: Any) -> None:
    response = client.post(RESET, {"email": user.email}, headers={"host": "evil.example"})

    assert response.status_code == 400
    assert not mail.outbox


def test_links_work(client: Client, user: Any) -> None:
    client.post(RESET, {"email": user.email})

    assert client.get(read_path()).status_code == 302


# Names and secrets in mails


def test_mails_are_plain_text(client: Client, user_factory: Callable[..., Any]) -> None:
    user = user_factory(username="o'neill & <b>sons</b>", email="sons@example.org")
    client.post(RESET, {"email": user.email})

    assert "o'neill & <b>sons</b>" in read_body()
    assert mail.outbox[0].content_subtype == "plain"


@pytest.mark.requirement("ATK-A59")
def test_code_is_not_in_the_subject(client: Client, user: Any, settings: Any) -> None:
    configure(settings, PASSWORD_RESET_BY_CODE_ENABLED=True)
    client.post(RESET, {"email": user.email})

    assert read_code() not in mail.outbox[0].subject
    assert submit_code(client, RESET_CODE_CONFIRM, read_code()).status_code == 302
