"""The built-in pages of the account app and their layouts."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.template import RequestContext, engines
from django.template.engine import Engine
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import translation
from django.utils.safestring import mark_safe

from tests.templates.markup import Page, Tag

pytestmark = pytest.mark.urls("tests.templates.urls")

REDIRECT_FIELD = mark_safe('<input type="hidden" name="next" value="/go/">')
CANARY = '"><svg onload=x>'


class LoginForm(forms.Form):
    login = forms.CharField()
    password = forms.CharField(widget=forms.PasswordInput)


class CodeForm(forms.Form):
    code = forms.CharField()


class EmailForm(forms.Form):
    email = forms.EmailField()


class PhoneForm(forms.Form):
    phone = forms.CharField()


def make_user(name: str = "jane") -> Any:
    return get_user_model()(username=name)


def make_address(email: str, **flags: bool) -> Any:
    return SimpleNamespace(
        **{"email": email, "verified": True, "primary": False, "user": make_user(), **flags}
    )


def make_confirmation(email: str = "a@example.org", user: Any = None) -> Any:
    address = make_address(email)
    address.user = user or make_user()
    return SimpleNamespace(key="key:1", email_address=address)


def make_addresses(*emails: str) -> dict[str, Any]:
    addresses = [
        make_address(email, verified=i == 0, primary=i == 0) for i, email in enumerate(emails)
    ]
    return {
        "emailaddresses": addresses,
        "emailaddress_radios": [
            {"id": f"email_radio_{i}", "checked": address.primary, "emailaddress": address}
            for i, address in enumerate(addresses)
        ],
    }


ENTRANCE = {
    "login_url": "/login/?next=%2Fgo%2F",
    "signup_url": "/signup/?next=%2Fgo%2F",
    "signup_by_passkey_url": None,
    "redirect_field": REDIRECT_FIELD,
    "SOCIALACCOUNT_ENABLED": False,
    "SOCIALACCOUNT_ONLY": False,
    "LOGIN_BY_CODE_ENABLED": False,
    "PASSKEY_LOGIN_ENABLED": False,
    "PASSKEY_SIGNUP_ENABLED": False,
}
CODE_PAGE = {"verify_form": CodeForm(), "can_resend": True, "email": "a@example.org"}
CHANGE_CODE_PAGE = {**CODE_PAGE, "can_change": True, "change_form": EmailForm()}

PAGES: list[tuple[str, str, dict[str, Any]]] = [
    ("login", "Sign In", {"form": LoginForm()}),
    ("signup", "Signup", {"form": LoginForm()}),
    ("signup_by_passkey", "Signup", {"form": EmailForm()}),
    ("signup_closed", "Sign Up Closed", {}),
    ("account_inactive", "Account Inactive", {}),
    ("verification_sent", "Verify Your Email Address", {}),
    (
        "email_confirm",
        "Confirm Email Address",
        {"confirmation": make_confirmation(), "can_confirm": True, "email": "a@example.org"},
    ),
    (
        "email_confirm",
        "Confirm Email Address",
        {"confirmation": make_confirmation(), "can_confirm": False, "email": "a@example.org"},
    ),
    ("email_confirm", "Confirm Email Address", {"confirmation": None}),
    ("password_reset", "Password Reset", {"form": EmailForm()}),
    ("password_reset", "Password Reset", {"form": EmailForm(), "user": make_user()}),
    ("password_reset_done", "Password Reset", {}),
    ("password_reset_done", "Password Reset", {"user": make_user()}),
    ("password_reset_from_key", "Change Password", {"form": LoginForm(), "action_url": "/here/"}),
    (
        "password_reset_from_key",
        "Change Password",
        {"form": LoginForm(), "action_url": "/here/", "cancel_url": "/back/"},
    ),
    ("password_reset_from_key", "Change Password", {"token_fail": True}),
    ("password_reset_from_key_done", "Change Password", {}),
    (
        "request_login_code",
        "Sign In",
        {"form": EmailForm(), "LOGIN_BY_CODE_ENABLED": True, "request_login_code_url": "/code/"},
    ),
    ("confirm_email_verification_code", "Email Verification", CHANGE_CODE_PAGE),
    (
        "confirm_email_verification_code",
        "Email Verification",
        {**CODE_PAGE, "can_resend": False, "cancel_url": "/email/"},
    ),
    ("confirm_login_code", "Sign In", CODE_PAGE),
    ("confirm_login_code", "Sign In", {**CODE_PAGE, "email": None, "phone": "+31600000000"}),
    ("confirm_password_reset_code", "Password Reset", CODE_PAGE),
    (
        "confirm_phone_verification_code",
        "Phone Verification",
        {**CHANGE_CODE_PAGE, "change_form": PhoneForm(), "phone": "+31600000000"},
    ),
    ("base_reauthenticate", "Confirm Access", {}),
    (
        "reauthenticate",
        "Confirm Access",
        {
            "form": LoginForm(),
            "reauthentication_alternatives": [
                {"id": "mfa", "description": "Use a key", "url": "/mfa/"}
            ],
        },
    ),
    (
        "email",
        "Email Addresses",
        {
            **make_addresses("a@example.org", "b@example.org"),
            "form": EmailForm(),
            "can_add_email": True,
        },
    ),
    ("email", "Email Addresses", {"emailaddresses": [], "form": EmailForm()}),
    (
        "email_change",
        "Email Address",
        {
            "emailaddresses": [make_address("a@example.org"), make_address("b@example.org")],
            "current_emailaddress": make_address("a@example.org"),
            "new_emailaddress": make_address("b@example.org", verified=False),
            "form": EmailForm(),
        },
    ),
    ("email_change", "Email Address", {"emailaddresses": [], "form": EmailForm()}),
    (
        "phone_change",
        "Change Phone",
        {"form": PhoneForm(), "phone": "+31600000000", "phone_verified": False},
    ),
    (
        "phone_change",
        "Change Phone",
        {"form": PhoneForm(), "phone": "+31600000000", "phone_verified": True},
    ),
    ("phone_change", "Change Phone", {"form": PhoneForm(), "phone": None}),
    ("password_change", "Change Password", {"form": LoginForm()}),
    ("password_set", "Set Password", {"form": LoginForm()}),
    ("logout", "Sign Out", {}),
    ("verified_email_required", "Verify Your Email Address", {}),
]


def render(name: str, context: dict[str, Any], path: str = "/") -> str:
    values = {**ENTRANCE, "user": AnonymousUser(), **context}
    return get_template(f"account/{name}.html").render(values, RequestFactory().get(path))


def parse(name: str, **context: Any) -> Tag:
    return Page(render(name, context)).root


def get_context(name: str, index: int = 0) -> dict[str, Any]:
    return [context for page, _, context in PAGES if page == name][index]


@pytest.mark.parametrize(("name", "title", "context"), PAGES)
def test_title_and_heading(name: str, title: str, context: dict[str, Any]) -> None:
    page = parse(name, **context)
    assert page.find("title").get_text() == title
    assert page.find("main").find("h1").get_text()


@pytest.mark.parametrize(("name", "context"), [(name, context) for name, _, context in PAGES])
class TestEveryPage:
    def test_works_under_a_strict_content_security_policy(
        self, name: str, context: dict[str, Any]
    ) -> None:
        page = parse(name, **context)
        for script in page.find_all("script"):
            assert "src" in script.attrs or script.attrs["type"] == "application/json"
        assert not page.find_all("style")
        for tag in page.inside:
            assert not [key for key in tag.attrs if key.startswith("on") or key == "style"]
            assert not any("javascript:" in (value or "") for value in tag.attrs.values())

    def test_forms_are_protected(self, name: str, context: dict[str, Any]) -> None:
        for form in parse(name, **context).find_all("form"):
            assert form.attrs["method"] == "post"
            assert len(form.find_all("input", name="csrfmiddlewaretoken")) == 1
            assert form.attrs.get("action") != ""

    def test_references_lead_somewhere(self, name: str, context: dict[str, Any]) -> None:
        page = parse(name, **context)
        ids = [tag.attrs["id"] for tag in page.inside if "id" in tag.attrs]
        assert len(set(ids)) == len(ids)
        for tag in page.inside:
            for attribute in ("for", "form", "aria-labelledby"):
                assert tag.attrs.get(attribute) is None or tag.attrs[attribute] in ids
            if tag.name == "a":
                assert tag.attrs["href"]

    def test_every_visible_input_has_a_label(self, name: str, context: dict[str, Any]) -> None:
        page = parse(name, **context)
        for field in page.find_all("input"):
            if field.attrs["type"] != "hidden":
                assert page.find("label", **{"for": str(field.attrs["id"])}).get_text()

    def test_next_is_kept_by_the_main_form(self, name: str, context: dict[str, Any]) -> None:
        forms = parse(name, **context).find("main").find_all("form")
        if forms and name not in ("email", "email_change", "phone_change"):
            assert forms[0].find("input", name="next").attrs["value"] == "/go/"


def poison(value: Any) -> Any:
    """Put a text that would break out of its place wherever a user can put a text."""
    match value:
        case str() if not value.startswith("/"):
            return CANARY
        case dict():
            return {key: poison(item) for key, item in value.items()}
        case list():
            return [poison(item) for item in value]
        case SimpleNamespace():
            return SimpleNamespace(**{key: poison(item) for key, item in vars(value).items()})
        case forms.Form():
            return type(value)(data=dict.fromkeys(value.fields, CANARY))
    return make_user(CANARY) if isinstance(value, get_user_model()) else value


@pytest.mark.parametrize(("name", "context"), [(name, context) for name, _, context in PAGES])
def test_user_text_is_inert(name: str, context: dict[str, Any]) -> None:
    output = render(name, poison(context))
    assert "<svg" not in output
    # The page is still the same, with the text in it.
    clean = Page(render(name, context)).root
    assert [t.name for t in Page(output).root.find("nav").inside] == [
        t.name for t in clean.find("nav").inside
    ]


def test_messages_are_escaped_once() -> None:
    output = render("logout", {"messages": ["&lt;b&gt; <i>"]})
    assert "<li>&amp;lt;b&amp;gt; &lt;i&gt;</li>" in output


@pytest.mark.parametrize("name", sorted({name for name, _, _ in PAGES}))
def test_parent(name: str) -> None:
    source = Engine.get_default().get_template(f"account/{name}.html").source
    (parent,) = re.findall(r'^{% extends "(.*)\.html" %}', source)
    assert parent == {
        "account_inactive": "allauth/layouts/entrance",
        "confirm_email_verification_code": "account/base_confirm_code",
        "confirm_login_code": "account/base_confirm_code",
        "confirm_password_reset_code": "account/base_confirm_code",
        "confirm_phone_verification_code": "account/base_confirm_code",
        "email": "account/base_manage_email",
        "email_change": "account/base_manage_email",
        "logout": "account/base_manage",
        "password_change": "account/base_manage_password",
        "password_set": "account/base_manage_password",
        "phone_change": "account/base_manage_phone",
        "reauthenticate": "account/base_reauthenticate",
        "verified_email_required": "account/base_manage",
    }.get(name, "account/base_entrance")


@pytest.fixture(scope="module")
def tagging_engine() -> Engine:
    """Elements that show the tags they get, and nothing else of their attributes."""
    elements = {
        f"allauth/elements/{name}.html": (
            "{% load allauth %}<" + name + " tags=\"{{ attrs.tags|join:',' }}\">{% slot body %}"
            "{% endslot %}{% slot actions %}{% endslot %}{% slot %}{% endslot %}</" + name + ">"
        )
        for name in ("badge", "button", "form")
    }
    return Engine(
        loaders=[
            ("django.template.loaders.locmem.Loader", elements),
            "django.template.loaders.app_directories.Loader",
        ],
        libraries=Engine.get_default().libraries,
    )


@pytest.mark.parametrize(
    ("name", "context", "forms", "buttons"),
    [
        (
            "login",
            {"LOGIN_BY_CODE_ENABLED": True, "request_login_code_url": "/code/"},
            ["entrance,login"],
            ["prominent,login", "prominent,login,outline,primary"],
        ),
        (
            "signup",
            {"PASSKEY_SIGNUP_ENABLED": True, "signup_by_passkey_url": "/x/"},
            ["entrance,signup"],
            ["prominent,signup", "prominent,signup,outline,primary"],
        ),
        (
            "signup_by_passkey",
            {},
            ["entrance,signup"],
            ["prominent,signup", "prominent,signup,outline,primary"],
        ),
        ("request_login_code", {}, ["entrance,login"], ["prominent,login", "link"]),
        (
            "confirm_email_verification_code",
            {},
            ["entrance,email,verification", ""],
            ["confirm,email,verification", "outline,resend", "outline,cancel", ""],
        ),
        (
            "confirm_login_code",
            {"cancel_url": "/x/"},
            ["entrance,login"],
            ["confirm,login", "outline,resend", "outline,cancel"],
        ),
        (
            "confirm_password_reset_code",
            {"can_resend": False},
            ["entrance,email,verification"],
            ["confirm,email,verification", "outline,cancel"],
        ),
        (
            "confirm_phone_verification_code",
            {},
            ["entrance,phone,verification", ""],
            ["confirm,phone,verification", "outline,resend", "outline,cancel", ""],
        ),
        ("password_reset_from_key", {}, [""], ["", "link,cancel"]),
        ("reauthenticate", {}, [""], ["primary,reauthenticate", "primary,outline"]),
        ("email", {}, ["email,list", "email,add"], ["", "secondary", "danger,delete", ""]),
        ("email_change", {}, [""], ["minor,secondary", "danger,minor", ""]),
        ("phone_change", {}, [""], ["minor,secondary", ""]),
    ],
)
def test_tags(
    name: str,
    context: dict[str, Any],
    forms: list[str],
    buttons: list[str],
    tagging_engine: Engine,
) -> None:
    values = {**ENTRANCE, **get_context(name), **context}
    output = tagging_engine.get_template(f"account/{name}.html").render(
        RequestContext(RequestFactory().get("/"), values)
    )
    page = Page(output).root
    assert [tag.attrs["tags"] for tag in page.find_all("form") if "tags" in tag.attrs] == forms
    assert [tag.attrs["tags"] for tag in page.find_all("button")] == buttons


def test_badges_of_addresses(tagging_engine: Engine) -> None:
    output = tagging_engine.get_template("account/email.html").render(
        RequestContext(RequestFactory().get("/"), get_context("email"))
    )
    assert [tag.attrs["tags"] for tag in Page(output).root.find_all("badge")] == [
        "success,email,verified",
        "email,primary",
        "warning,email,unverified",
    ]


class TestLogin:
    def test_signup_link_and_form(self) -> None:
        main = parse("login", **get_context("login")).find("main")
        assert main.find("a").attrs["href"] == ENTRANCE["signup_url"]
        form = main.find("form")
        assert form.attrs["action"] == "/login/"
        assert form.find("button").attrs == {"type": "submit"}

    def test_without_signup(self) -> None:
        main = parse("login", **{**get_context("login"), "signup_url": None}).find("main")
        assert not main.find_all("a")

    def test_third_party_accounts_only(self) -> None:
        main = parse("login", **{**get_context("login"), "SOCIALACCOUNT_ONLY": True}).find("main")
        assert not main.find_all("form")
        assert not main.find_all("a")

    def test_sign_in_by_code(self) -> None:
        main = parse(
            "login",
            **get_context("login"),
            LOGIN_BY_CODE_ENABLED=True,
            request_login_code_url="/code/?next=%2Fgo%2F",
        ).find("main")
        assert main.find("a", href="/code/?next=%2Fgo%2F")
        assert not main.find_all("button", id="passkey_login")

    @pytest.mark.parametrize(
        ("flag", "snippet"),
        [
            ("SOCIALACCOUNT_ENABLED", "socialaccount/snippets/login.html"),
            ("PASSKEY_LOGIN_ENABLED", "mfa/webauthn/snippets/login_script.html"),
        ],
    )
    def test_parts_of_other_apps(self, flag: str, snippet: str) -> None:
        engine = Engine(
            loaders=[
                (
                    "django.template.loaders.locmem.Loader",
                    {
                        snippet: "[{{ page_layout }}{{ button_id }}]",
                        "account/base_entrance.html": (
                            "{% block content %}{% endblock %}|{% block extra_body %}{% endblock %}"
                        ),
                    },
                ),
                "django.template.loaders.app_directories.Loader",
            ],
            libraries=Engine.get_default().libraries,
        )
        values = {**ENTRANCE, **get_context("login"), flag: True}
        request = RequestFactory().get("/")
        output = engine.get_template("account/login.html").render(RequestContext(request, values))
        content, _, extra_body = output.partition("|")
        if flag == "SOCIALACCOUNT_ENABLED":
            assert "[entrance]" in content
        else:
            assert "[passkey_login]" in extra_body
            button = Page(content).root.find("button", id="passkey_login")
            assert button.attrs == {
                "form": "mfa_login",
                "id": "passkey_login",
                "type": "submit",
            }


class TestSignup:
    def test_third_party_accounts_only(self) -> None:
        context = {**get_context("signup"), "SOCIALACCOUNT_ONLY": True}
        main = parse("signup", **context).find("main")
        assert not main.find_all("form")
        assert main.find("a").attrs["href"] == ENTRANCE["login_url"]

    def test_passkey(self) -> None:
        main = parse(
            "signup",
            **get_context("signup"),
            PASSKEY_SIGNUP_ENABLED=True,
            signup_by_passkey_url="/pk/",
        ).find("main")
        assert main.find("a", href="/pk/")


class TestConfirmEmail:
    def test_can_confirm(self) -> None:
        main = parse("email_confirm", **get_context("email_confirm")).find("main")
        assert main.find("a").attrs["href"] == "mailto:a@example.org"
        assert "jane" in main.get_text()
        assert main.find("form").attrs["action"] == "/confirm/key:1/"

    def test_conflict(self) -> None:
        main = parse("email_confirm", **get_context("email_confirm", 1)).find("main")
        assert not main.find_all("form")
        assert "a@example.org" in main.get_text()

    def test_invalid(self) -> None:
        main = parse("email_confirm", **get_context("email_confirm", 2)).find("main")
        assert not main.find_all("form")
        assert main.find("a").attrs["href"] == "/email/"


class TestConfirmCode:
    def test_resend_and_cancel_are_forms_of_their_own(self) -> None:
        page = parse("confirm_login_code", **get_context("confirm_login_code"))
        resend = page.find("form", id="resend")
        assert resend.attrs["action"] == "/confirm_login_code/"
        assert resend.find("input", name="action").attrs["value"] == "resend"
        assert resend.find("input", name="next").attrs["value"] == "/go/"
        logout = page.find("form", id="logout-from-stage")
        assert logout.attrs["action"] == "/logout/"
        assert logout.find("input", name="next").attrs["value"] == "/login/"
        assert page.find("button", form="resend")
        assert page.find("button", form="logout-from-stage")

    def test_cancel_url(self) -> None:
        context = get_context("confirm_email_verification_code", 1)
        page = parse("confirm_email_verification_code", **context)
        assert page.find("main").find("a", href="/email/")
        assert not page.find_all("form", id="logout-from-stage")
        assert not page.find_all("button", form="resend")
        assert page.find("form", id="resend")

    @pytest.mark.parametrize(
        ("name", "index", "action", "recipient"),
        [
            ("email_verification_code", 0, "email_verification_sent", "mailto:a@example.org"),
            ("login_code", 0, "confirm_login_code", "mailto:a@example.org"),
            ("login_code", 1, "confirm_login_code", "tel:+31600000000"),
            ("password_reset_code", 0, "confirm_password_reset_code", "mailto:a@example.org"),
            ("phone_verification_code", 0, "verify_phone", "tel:+31600000000"),
        ],
    )
    def test_action_and_recipient(self, name: str, index: int, action: str, recipient: str) -> None:
        name = f"confirm_{name}"
        main = parse(name, **get_context(name, index)).find("main")
        assert main.find_all("form")[0].attrs["action"] == f"/{action}/"
        assert main.find("a", href=recipient)

    @pytest.mark.parametrize("is_wrong", [True, False])
    def test_change(self, is_wrong: bool) -> None:
        form = EmailForm({"email": "wrong"}) if is_wrong else EmailForm()
        context = {**get_context("confirm_email_verification_code"), "change_form": form}
        details = parse("confirm_email_verification_code", **context).find("details")
        assert ("open" in details.attrs) is is_wrong
        assert details.find("summary").get_text()
        assert details.find("form").find("button", name="action").attrs["value"] == "change"

    def test_title_of_a_child_of_a_project(self) -> None:
        source = (
            "{% extends 'account/base_confirm_code.html' %}{% block title %}Mine{% endblock %}"
            "{% block action_url %}/a/?b=1&amp;c{% endblock %}{% block recipient %}<i>me</i>"
            "{% endblock %}"
        )
        template = engines["django"].from_string(source)
        output = template.render({**ENTRANCE, **CODE_PAGE}, RequestFactory().get("/"))
        main = Page(output).root.find("main")
        assert main.find("h1").get_text() == "Mine"
        assert main.find_all("form")[0].attrs["action"] == "/a/?b=1&c"
        assert main.find("i").get_text() == "me"


class TestPasswordReset:
    def test_signed_in_user_is_told(self) -> None:
        for name in ("password_reset", "password_reset_done"):
            assert "jane" in parse(name, **get_context(name, 1)).find("main").get_text()
            assert "jane" not in parse(name, **get_context(name)).find("main").get_text()

    def test_bad_token(self) -> None:
        main = parse("password_reset_from_key", token_fail=True).find("main")
        assert main.find("h1").get_text() == "Bad Token"
        assert main.find("a").attrs["href"] == "/reset_password/"
        assert not main.find_all("form")

    def test_new_password(self) -> None:
        context = get_context("password_reset_from_key")
        main = parse("password_reset_from_key", **context).find("main")
        assert main.find_all("form")[0].attrs["action"] == "/here/"
        assert main.find("button", name="action").attrs["type"] == "submit"
        assert main.find("button", form="logout-from-stage")
        assert main.find("form", id="logout-from-stage")

    def test_new_password_with_cancel_url(self) -> None:
        context = get_context("password_reset_from_key", 1)
        main = parse("password_reset_from_key", **context).find("main")
        assert main.find("a").attrs["href"] == "/back/"
        assert not main.find_all("form", id="logout-from-stage")


class TestEmail:
    def test_addresses(self) -> None:
        page = parse("email", **get_context("email"))
        listing, adding = page.find("main").find_all("form")
        radios = listing.find_all("input", name="email", type="radio")
        assert [radio.attrs["value"] for radio in radios] == ["a@example.org", "b@example.org"]
        assert ["checked" in radio.attrs for radio in radios] == [True, False]
        assert [button.attrs["name"] for button in listing.find_all("button")] == [
            "action_primary",
            "action_send",
            "action_remove",
        ]
        assert adding.find("button").attrs["name"] == "action_add"
        assert listing.attrs["action"] == adding.attrs["action"] == "/email/"

    def test_no_address(self) -> None:
        main = parse("email", **get_context("email", 1)).find("main")
        assert not main.find_all("form")
        assert main.find("p").get_text()

    def test_scripts(self) -> None:
        page = parse("email", **get_context("email"))
        *sources, data = page.find_all("script")
        assert [str(script.attrs["src"]).split("js/")[1] for script in sources] == [
            "account.js",
            "onload.js",
        ]
        assert data.attrs == {
            "data-allauth-onload": "allauth.account.forms.manageEmailForm",
            "type": "application/json",
        }
        assert json.loads(data.text)["i18n"]["confirmDelete"]

    def test_translated_question_stays_json(self, monkeypatch: pytest.MonkeyPatch) -> None:
        text = '"Remove"</script> it\'s\\gone\n?'

        def translate(message: str) -> str:
            return mark_safe(text) if message.startswith("Shall this") else message

        monkeypatch.setattr("django.utils.translation._trans.gettext", translate, raising=False)
        data = parse("email", **get_context("email")).find_all("script")[-1]
        assert json.loads(data.text)["i18n"]["confirmDelete"] == text


class TestChange:
    def test_pending_address(self) -> None:
        page = parse("email_change", **get_context("email_change"))
        main = page.find("main").find_all("form")[0]
        current, new = main.find("input", id="current_email"), main.find("input", id="new_email")
        assert current.attrs["value"] == "a@example.org"
        assert new.attrs["value"] == "b@example.org"
        assert "disabled" in current.attrs
        assert "disabled" in new.attrs
        assert [button.attrs["name"] for button in main.find_all("button")] == [
            "action_send",
            "action_remove",
            "action_add",
        ]
        assert len(main.find_all("button", form="pending-email")) == 2
        assert main.find("input", name="email").attrs["type"] == "email"
        pending = page.find("form", id="pending-email")
        assert pending.find("input", name="email").attrs["value"] == "b@example.org"

    def test_only_a_pending_address(self) -> None:
        context = {**get_context("email_change"), "current_emailaddress": None}
        page = parse("email_change", **context)
        assert not page.find_all("input", id="current_email")
        assert not page.find_all("button", name="action_remove")
        assert page.find("button", name="action_send")

    def test_no_address(self) -> None:
        page = parse("email_change", **get_context("email_change", 1))
        assert len(page.find("main").find_all("form")) == 1

    def test_wrong_address(self) -> None:
        context = {**get_context("email_change", 1), "form": EmailForm({"email": "wrong"})}
        page = parse("email_change", **context)
        assert page.find("input", name="email").attrs["value"] == "wrong"
        assert page.find("ul", **{"class": "errorlist"}).get_text()

    def test_unverified_phone(self) -> None:
        page = parse("phone_change", **get_context("phone_change"))
        assert page.find("input", id="current_phone").attrs["value"] == "+31600000000"
        assert page.find("button", form="verify-phone")
        form = page.find("form", id="verify-phone")
        assert form.attrs["action"] == "/change_phone/"
        assert form.find("input", name="action").attrs["value"] == "verify"
        assert page.find("button", name="action_add")

    @pytest.mark.parametrize("index", [1, 2])
    def test_verified_or_no_phone(self, index: int) -> None:
        page = parse("phone_change", **get_context("phone_change", index))
        assert not page.find_all("form", id="verify-phone")
        assert len(page.find_all("input", id="current_phone")) == (1 if index == 1 else 0)


def test_reauthentication_alternatives() -> None:
    main = parse("reauthenticate", **get_context("reauthenticate")).find("main")
    assert main.find("a", href="/mfa/").get_text() == "Use a key"
    assert main.find("form").attrs["action"] == "/reauthenticate/"


class TestLayout:
    def get_menu(self, **context: Any) -> list[str]:
        return [str(a.attrs["href"]) for a in parse("logout", **context).find("nav").find_all("a")]

    def test_menu_shows_what_is_there(self) -> None:
        assert self.get_menu() == ["/login/", "/signup/"]
        assert self.get_menu(user=make_user()) == ["/email/", "/change_password/", "/logout/"]

    @pytest.mark.urls("tests.templates.test_pages")
    def test_menu_without_urls(self) -> None:
        source = "{% extends 'allauth/layouts/base.html' %}"
        output = engines["django"].from_string(source).render({"user": make_user()})
        assert not Page(output).root.find("nav").find_all("a")

    def test_menu_leaves_the_variables_of_the_page_alone(self) -> None:
        source = (
            "{% extends 'allauth/layouts/base.html' %}{% block content %}"
            "{{ login_url }} {{ email_url }} {{ language }}{% endblock %}"
        )
        values = {"login_url": "/mine/", "email_url": "/mine/", "language": "mine"}
        main = Page(engines["django"].from_string(source).render(values)).root.find("main")
        assert main.get_text() == "/mine/ /mine/ mine"

    def test_language(self) -> None:
        with translation.override("ar"):
            assert parse("logout").find("html").attrs == {"lang": "ar", "dir": "rtl"}
        with translation.override("nl"):
            assert parse("logout").find("html").attrs == {"lang": "nl"}

    def test_messages(self) -> None:
        page = parse("logout", messages=["one", "two"])
        assert [li.get_text() for li in page.find("section").find_all("li")] == ["one", "two"]
        assert not parse("logout").find_all("section")

    @pytest.mark.parametrize("layout", ["base", "entrance", "manage"])
    def test_blocks(self, layout: str) -> None:
        source = (
            f"{{% extends 'allauth/layouts/{layout}.html' %}}"
            "{% block head_title %}T{% endblock %}"
            "{% block extra_head %}<meta name='x'>{% endblock %}{% block content %}C{% endblock %}"
            "{% block extra_body %}<script src='x'></script>{% endblock %}"
        )
        page = Page(engines["django"].from_string(source).render()).root
        assert page.find("title").get_text() == "T"
        assert page.find("head").find("meta", name="x")
        assert page.find("main").get_text() == "C"
        assert page.find("body").inside[-1].name == "script"

    def test_body_block_wraps_menu_and_content(self) -> None:
        source = (
            "{% extends 'allauth/layouts/base.html' %}{% block body %}mine{% endblock %}"
            "{% block extra_body %}!{% endblock %}"
        )
        page = Page(engines["django"].from_string(source).render()).root
        assert page.find("body").get_text() == "mine !"


urlpatterns: list[Any] = []
