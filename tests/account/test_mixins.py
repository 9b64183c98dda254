"""Mixins and helpers for the views of a project."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import path
from django.views.generic.edit import FormView
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from allauth.account import mixins, utils
from allauth.account.internal.decorators import login_not_required
from allauth.account.mixins import (
    AjaxCapableProcessFormViewMixin,
    CloseableSignupMixin,
    LogoutFunctionalityMixin,
    NextRedirectMixin,
    RedirectAuthenticatedUserMixin,
    _ajax_response,
)
from allauth.core import context
from tests.projects.custom_hooks import stages
from tests.support.pages import route_account_pages, submit_login
from tests.support.sessions import is_logged_in, make_request, read_session

pytestmark = pytest.mark.django_db


class NameForm(forms.Form):
    """A form of a project."""

    name = forms.CharField(label="Your name", help_text="Any name", max_length=5)
    secret = forms.CharField(required=False, widget=forms.PasswordInput)


class Page(FormView):  # type: ignore[type-arg]
    """What the pages of the project have in common."""

    form_class = NameForm
    template_name = "account/reauthenticate.html"
    success_url = "/done/"


class EntrancePage(RedirectAuthenticatedUserMixin, Page):
    """For visitors."""


class OwnTargetPage(EntrancePage):
    """For visitors; others go elsewhere."""

    def get_authenticated_redirect_url(self) -> str:
        return "/own-target/"


class NoTargetPage(RedirectAuthenticatedUserMixin, Page):
    """For visitors; has no target of its own."""

    success_url = None  # type: ignore[assignment]


class OwnStagePage(EntrancePage):
    """Sends half-way visitors where it wants, or lets them stay."""

    def _redirect_to_pending_stage(self, request: Any, stage: Any) -> Any:
        if "stay" in request.GET:
            return None
        return HttpResponseRedirect(f"/own/{stage.key}/")


class NextPage(NextRedirectMixin, Page):
    """Sends people on."""


class DefaultNextPage(NextRedirectMixin, Page):
    """Sends people on, by default to a page that is worked out."""

    success_url = None  # type: ignore[assignment]
    redirect_field_name = "then"

    def get_default_success_url(self) -> str | None:
        return "/worked-out/"


class ScriptPage(AjaxCapableProcessFormViewMixin, Page):
    """Answers scripts."""

    def get_ajax_data(self) -> Any:
        return {"number": 5}


class PlainScriptPage(AjaxCapableProcessFormViewMixin, Page):
    """Answers scripts, without data."""


class SignupPage(CloseableSignupMixin, Page):
    """Makes accounts, in its own way."""


class LeavingPage(LogoutFunctionalityMixin, Page):
    """Logs people out."""

    def form_valid(self, form: Any) -> HttpResponse:
        self.logout()
        return super().form_valid(form)


PAGES = {
    "entrance": EntrancePage,
    "own-target-entrance": OwnTargetPage,
    "no-target": NoTargetPage,
    "own-stage": OwnStagePage,
    "next": NextPage,
    "default-next": DefaultNextPage,
    "script": ScriptPage,
    "plain-script": PlainScriptPage,
    "signup-page": SignupPage,
    "leaving": LeavingPage,
}
AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}


@pytest.fixture(autouse=True)
def _routes(settings: Any) -> None:
    patterns = [
        path(f"{name}/", login_not_required(page.as_view())) for name, page in PAGES.items()
    ]
    route_account_pages(settings, *stages.urlpatterns, *patterns)


class TestRedirectAuthenticatedUser:
    def test_visitor_sees_the_page_which_is_never_cached(self, client: Client) -> None:
        response = client.get("/entrance/")

        assert response.status_code == 200
        assert "no-store" in response["Cache-Control"]

    @pytest.mark.requirement("SEC-036")
    @pytest.mark.parametrize(
        ("page", "location"),
        [
            ("entrance/?next=/foo", "/done/"),
            ("own-target-entrance/", "/own-target/"),
            ("no-target/", "/accounts/profile/"),
            ("no-target/?next=/foo", "/foo"),
        ],
    )
    def test_user_is_sent_on(self, client: Client, user: Any, page: str, location: str) -> None:
        client.force_login(user)

        assert client.get(f"/{page}")["Location"] == location
        response = client.get(f"/{page}", **AJAX)
        assert (response.status_code, response.json()) == (200, {"location": location})

    def test_redirects_may_be_off(self, client: Client, user: Any, settings: Any) -> None:
        settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
        client.force_login(user)

        assert client.get("/entrance/").status_code == 200

    def test_visitor_who_is_half_way_is_sent_on(
        self, client: Client, user: Any, password: str, settings: Any
    ) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.GateAdapter"
        submit_login(client, user.username, password)

        assertRedirects(client.get("/entrance/?next=/foo"), "/gate/")
        assert client.get("/entrance/", **AJAX)["Location"] == "/gate/"
        assert client.get("/own-stage/")["Location"] == "/own/gate/"
        assert client.get("/own-stage/?stay=1").status_code == 200

    def test_is_open_under_the_middleware_of_django(self) -> None:
        assert EntrancePage.dispatch.login_required is False  # type: ignore[attr-defined]


class TestNextRedirect:
    def test_adds_parameter_and_hidden_field(self, client: Client) -> None:
        context = client.get("/next/", {"next": '/foo"<'}).context

        assert context["redirect_field_name"] == "next"
        assert context["redirect_field_value"] == '/foo"<'
        assert context["redirect_field"] == (
            '<input type="hidden" name="next" value="/foo&quot;&lt;">'
        )

    def test_there_is_no_field_without_a_value(self, client: Client) -> None:
        context = client.get("/default-next/?next=/foo").context

        assert context["redirect_field_name"] == "then"
        assert not context["redirect_field_value"]
        assert context["redirect_field"] == ""

    @pytest.mark.parametrize(
        ("url", "location"),
        [
            ("/next/?next=/foo", "/foo"),
            ("/next/?next=//evil.example", "/done/"),
            ("/next/", "/done/"),
            ("/default-next/?then=/foo", "/foo"),
            ("/default-next/?next=/foo", "/worked-out/"),
        ],
    )
    def test_sends_people_on(self, client: Client, url: str, location: str) -> None:
        assert client.post(url, {"name": "me"})["Location"] == location

    def test_hands_the_target_on(self) -> None:
        request = make_request(next="/foo?a=1")
        view = NextPage()
        view.setup(request)

        with context.request_context(request):
            assert view.get_next_url() == "/foo?a=1"
            assert view.passthrough_next_url("/bar/?b=2") == "/bar/?b=2&next=%2Ffoo%3Fa%3D1"

    def test_without_any_target_there_is_none(self) -> None:
        class Nowhere(NextRedirectMixin):
            pass

        request = make_request()
        view = Nowhere()
        view.request = request

        with context.request_context(request):
            assert view.get_success_url() is None


class TestAjaxCapable:
    def test_people_get_pages(self, client: Client) -> None:
        assertTemplateUsed(client.get("/script/"), "account/reauthenticate.html")
        assert client.post("/script/", {"name": "me"})["Location"] == "/done/"

    def test_scripts_get_the_form(self, client: Client) -> None:
        response = client.get("/script/", **AJAX)

        assert response["Content-Type"] == "application/json"
        answer = response.json()
        assert set(answer) == {"form", "html", "data"}
        assert answer["data"] == {"number": 5}
        assert "<form" in answer["html"]
        assert answer["form"]["field_order"] == ["name", "secret"]
        assert answer["form"]["errors"] == []
        assert answer["form"]["fields"]["name"] == {
            "label": "Your name",
            "value": None,
            "help_text": "Any name",
            "errors": [],
            "widget": {"attrs": {"maxlength": "5", **_get_described_by(answer)}},
        }

    def test_scripts_get_errors(self, client: Client) -> None:
        response = client.post("/script/", {"name": "too long", "secret": "hush"}, **AJAX)

        assert response.status_code == 400
        fields = response.json()["form"]["fields"]
        assert len(fields["name"]["errors"]) == 1
        assert fields["name"]["value"] == "too long"
        assert fields["secret"]["value"] is None

    def test_scripts_get_the_target(self, client: Client) -> None:
        response = client.post("/plain-script/", {"name": "me"}, **AJAX)

        assert response.status_code == 200
        answer = response.json()
        assert (answer["location"], answer["html"]) == ("/done/", "")
        assert "data" not in answer

    def test_form_is_made_once(self) -> None:
        view = ScriptPage()
        view.setup(make_request())

        assert view.get_form() is view.get_form()


def _get_described_by(answer: Any) -> dict[str, str]:
    """The attribute that Django adds to widgets with a help text since 5.0."""
    attrs = answer["form"]["fields"]["name"]["widget"]["attrs"]
    return {name: value for name, value in attrs.items() if name == "aria-describedby"}


class TestAjaxResponse:
    def test_leaves_the_response_to_people_alone(self, rf: Any) -> None:
        response = HttpResponse()

        assert _ajax_response(rf.get("/"), response) is response

    def test_wraps_for_scripts(self, rf: Any) -> None:
        request = rf.get("/", **AJAX)

        redirect = _ajax_response(request, HttpResponseRedirect("/foo"), data=[1])
        page = _ajax_response(request, HttpResponse("x", status=403))

        assert (redirect.status_code, redirect.content) == (
            200,
            b'{"location": "/foo", "data": [1]}',
        )
        assert (page.status_code, page.content) == (403, b"{}")

    def test_is_importable_where_others_look_for_it(self) -> None:
        from allauth.account import views

        assert views._ajax_response is mixins._ajax_response is _ajax_response


class TestCloseableSignup:
    def test_is_open_by_default(self, client: Client) -> None:
        assertTemplateUsed(client.get("/signup-page/"), "account/reauthenticate.html")

    @pytest.mark.requirement("SEC-074")
    @pytest.mark.parametrize("method", ["get", "post", "put"])
    def test_is_closed_for_all_methods(self, client: Client, settings: Any, method: str) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ClosedAdapter"

        response = getattr(client, method)("/signup-page/")

        assert response.status_code == 200
        assertTemplateUsed(response, "account/signup_closed.html")

    def test_adapter_may_answer(self, client: Client, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.ElsewhereAdapter"

        assert client.get("/signup-page/")["Location"] == "/elsewhere/"


def test_logout_functionality(client: Client, user: Any) -> None:
    client.force_login(user)

    client.post("/leaving/", {"name": "me"})

    assert not is_logged_in(client)
    assert "account_login" not in read_session(client)


class TestTargets:
    @pytest.mark.parametrize(
        ("query", "data", "expected"),
        [
            ("next=/get", {}, "/get"),
            ("next=/get", {"next": "/post"}, "/post"),
            ("next=/get", {"next": ""}, "/get"),
            ("next=/get", {"next": "//evil.example"}, None),
            ("next=//evil.example", {}, None),
            ("", {}, None),
            ("next=", {}, None),
        ],
    )
    def test_next(self, rf: Any, query: str, data: dict[str, str], expected: str | None) -> None:
        request = rf.post(f"/?{query}", data)

        with context.request_context(request):
            assert utils.get_next_redirect_url(request) == expected

    def test_parameter_may_have_another_name(self, rf: Any) -> None:
        request = rf.get("/?then=/foo&next=/bar")

        with context.request_context(request):
            assert utils.get_next_redirect_url(request, "then") == "/foo"
            assert utils.passthrough_next_redirect_url(request, "/x", "then") == "/x?then=%2Ffoo"

    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("/x", "/x?next=%2Ffoo%3Fa%3D1"),
            ("/x?b=%C3%A4&c=1", "/x?b=%C3%A4&c=1&next=%2Ffoo%3Fa%3D1"),
            ("/x?next=/old", "/x?next=%2Ffoo%3Fa%3D1"),
        ],
    )
    def test_target_is_handed_on(self, rf: Any, url: str, expected: str) -> None:
        request = rf.get("/", {"next": "/foo?a=1"})

        with context.request_context(request):
            assert utils.passthrough_next_redirect_url(request, url, "next") == expected

    def test_unsafe_target_is_not_handed_on(self, rf: Any) -> None:
        request = rf.get("/", {"next": "https://evil.example"})

        with context.request_context(request):
            assert utils.passthrough_next_redirect_url(request, "/x?a=1", "next") == "/x?a=1"

    def test_login_leads_to_the_first_that_is_known(self, user: Any, settings: Any) -> None:
        settings.LOGIN_REDIRECT_URL = "/login-target/"
        settings.ACCOUNT_SIGNUP_REDIRECT_URL = "/signup-target/"
        request = make_request(user, next="/foo")
        other = make_request(user)

        with context.request_context(request):
            assert utils.get_login_redirect_url(request, url="/given") == "/given"
            assert utils.get_login_redirect_url(request, url=lambda: "/called") == "/called"
            assert utils.get_login_redirect_url(request) == "/foo"
            assert utils.get_login_redirect_url(other) == "/login-target/"
            assert utils.get_login_redirect_url(other, signup=True) == "/signup-target/"


class TestUsers:
    def test_field(self, user: Any) -> None:
        utils.user_field(user, "first_name", "x" * 200)
        assert utils.user_field(user, "first_name") == "x" * 150
        utils.user_field(user, "first_name", None)
        assert user.first_name == ""
        utils.user_field(user, "last_login", None)
        assert user.last_login is None
        utils.user_field(user, "unheard_of", "x")
        assert utils.user_field(user, "unheard_of") is None
        assert utils.user_field(user, None) is None
        assert utils.user_field(user, "") is None

    def test_field_that_is_saved_alone(self, user: Any) -> None:
        user.last_name = "unsaved"

        utils.user_field(user, "first_name", "saved", commit=True)

        user.refresh_from_db()
        assert (user.first_name, user.last_name) == ("saved", "")

    def test_attribute_that_is_no_field(self, user: Any) -> None:
        user.nickname = "a"

        utils.user_field(user, "nickname", None)

        assert user.nickname is None

    def test_email(self, user: Any, settings: Any) -> None:
        utils.user_email(user, "NEW@Example.org", commit=True)
        user.refresh_from_db()
        assert utils.user_email(user) == "new@example.org"
        settings.ACCOUNT_USER_MODEL_EMAIL_FIELD = None
        assert utils.user_email(user) is None

    def test_username(self, user: Any, settings: Any) -> None:
        utils.user_username(user, "Loud")
        assert utils.user_username(user) == "Loud"
        settings.ACCOUNT_PRESERVE_USERNAME_CASING = False
        utils.user_username(user, "Loud")
        assert utils.user_username(user) == "loud"
        utils.user_username(user, None)
        assert utils.user_username(user) == ""

    def test_display(self, user: Any, settings: Any) -> None:
        assert utils.user_display(user) == user.username
        settings.ACCOUNT_USER_DISPLAY = lambda user: f"Dear {user.username}"
        assert utils.user_display(user) == f"Dear {user.username}"
        settings.ACCOUNT_USER_DISPLAY = "tests.projects.custom_hooks.forms.shout"
        assert utils.user_display(user) == user.username.upper()
        user.username = ""
        assert utils.default_user_display(user) == "user"

    @pytest.mark.parametrize(("pk", "text"), [(0, "0"), (35, "z"), (36, "10"), (1_000_000, "lfls")])
    def test_primary_key_in_urls(self, user: Any, pk: int, text: str) -> None:
        user.pk = pk

        assert utils.user_pk_to_url_str(user) == text
        assert utils.url_str_to_user_pk(text) == pk

    @pytest.mark.parametrize("text", ["!", "", "-", "z" * 14, "٣"])
    def test_primary_key_that_is_malformed(self, text: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011 - whichever words Django has for it
            utils.url_str_to_user_pk(text)

    def test_verified_email(self, user_factory: Any) -> None:
        user, other = user_factory(), user_factory(verified=False)

        assert utils.has_verified_email(user)
        assert utils.has_verified_email(user, user.email.upper())
        assert not utils.has_verified_email(user, "other@example.org")
        assert not utils.has_verified_email(other)
        assert not utils.has_verified_email(None)

    def test_filters(self, user_factory: Any) -> None:
        from allauth.account.models import EmailAddress

        first, second = user_factory(), user_factory(is_active=False)
        EmailAddress.objects.create(user=second, email=first.email)

        by_email = utils.filter_users_by_email
        assert by_email(first.email.upper()) == [first, second]
        assert by_email(first.email, is_active=True) == [first]
        assert by_email(first.email, is_active=False) == [second]
        assert by_email(first.email, prefer_verified=True) == [first]
        assert by_email("nobody@example.org") == []
        assert by_email("a\x00@example.org") == []
        names = utils.filter_users_by_username(first.username.upper(), second.username)
        assert set(names) == {first, second}
        assert not utils.filter_users_by_username()

    @pytest.mark.parametrize(
        ("email", "expected"),
        [
            ("A@Example.org", "a@example.org"),
            ("nonsense", None),
            ("", None),
            (None, None),
            (5, None),
            (f"{'x' * 250}@example.org", None),
        ],
    )
    def test_valid_email_or_none(self, email: Any, expected: str | None) -> None:
        assert utils.valid_email_or_none(email) == expected

    def test_valid_email_asks_the_project(self, settings: Any) -> None:
        settings.ACCOUNT_ADAPTER = "tests.projects.custom_hooks.adapters.StrictAdapter"

        assert utils.valid_email_or_none("a@refused.example") is None


def test_missing_target_of_a_view_is_no_failure() -> None:
    view = NoTargetPage()
    view.setup(make_request(AnonymousUser()))

    with pytest.raises(ImproperlyConfigured):
        view.get_success_url()
