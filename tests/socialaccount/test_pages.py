"""Pages, template tags, the admin and the system checks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode
from pytest_django.asserts import assertTemplateUsed

from allauth.socialaccount import views
from allauth.socialaccount.checks import settings_check
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.socialaccount.providers.dummy import views as dummy_views
from allauth.socialaccount.templatetags.socialaccount import provider_login_url
from tests.socialaccount.club import DUMMY, ClubProvider, add_account
from tests.support.pages import LOGIN
from tests.support.queries import max_queries
from tests.support.sessions import make_request, read_session

pytestmark = pytest.mark.django_db


def render(text: str, request: Any = None, **context: Any) -> str:
    template = Template("{% load socialaccount %}" + text)
    return str(template.render(Context({"request": request or make_request(), **context})))


class TestUrls:
    def test_paths_are_those_of_the_published_release(self) -> None:
        assert {
            name: reverse(name)
            for name in (
                "socialaccount_connections",
                "socialaccount_signup",
                "socialaccount_login_cancelled",
                "socialaccount_login_error",
                "dummy_login",
                "dummy_authenticate",
            )
        } == {
            "socialaccount_connections": "/accounts/3rdparty/",
            "socialaccount_signup": "/accounts/3rdparty/signup/",
            "socialaccount_login_cancelled": "/accounts/3rdparty/login/cancelled/",
            "socialaccount_login_error": "/accounts/3rdparty/login/error/",
            "dummy_login": "/accounts/dummy/login/",
            "dummy_authenticate": "/accounts/dummy/authenticate/",
        }

    @pytest.mark.parametrize(
        ("old", "name"),
        [
            ("login/cancelled", "login_cancelled"),
            ("login/error", "login_error"),
            ("signup", "signup"),
            ("connections", "connections"),
        ],
    )
    def test_former_paths_lead_to_the_new_ones(self, client: Client, old: str, name: str) -> None:
        response = client.get(f"/accounts/social/{old}/")

        assert response.status_code == 301
        assert response["Location"] == reverse(f"socialaccount_{name}")

    @pytest.mark.requirement("SEC-017")
    def test_views_that_must_work_for_visitors_say_so(self) -> None:
        open_views = [
            views.signup,
            views.login_cancelled,
            views.login_error,
            dummy_views.login,
            dummy_views.authenticate,
        ]
        assert {getattr(view, "login_required", True) for view in open_views} == {False}
        assert getattr(views.connections, "login_required", True)


class TestLoginPage:
    @pytest.mark.requirement("SEC-091", "ATK-S05", "INV-30")
    @pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
    @pytest.mark.parametrize("on_get", [False, True])
    def test_only_a_post_begins_a_login(
        self, client: Client, settings: Any, method: str, on_get: bool
    ) -> None:
        settings.SOCIALACCOUNT_LOGIN_ON_GET = on_get

        response = getattr(client, method)(f"{DUMMY}?process=connect")

        begins = on_get and method == "get"
        assert response.status_code == (302 if begins else 200)
        assert bool(read_session(client)) == begins

    def test_it_names_the_provider_and_is_not_cached(self, client: Client) -> None:
        page = client.get(DUMMY)

        assertTemplateUsed(page, "socialaccount/login.html")
        assert b"Dummy" in page.content
        assert "no-store" in page["Cache-Control"]

    @pytest.mark.requirement("SEC-091")
    def test_post_needs_the_csrf_token(self, client_factory: Any) -> None:
        client = client_factory(enforce_csrf_checks=True)

        assert client.post(DUMMY).status_code == 403
        token = client.get(DUMMY).context["csrf_token"]
        assert client.post(DUMMY, {"csrfmiddlewaretoken": token}).status_code == 302

    def test_parameters_of_the_query_survive_the_confirmation(self, client: Client) -> None:
        url = f"{DUMMY}?{urlencode({'next': '/x/', 'process': 'login'})}"
        assert b" action=" not in client.get(url).content

        client.post(url)

        ((state, _, _),) = read_session(client)["socialaccount_states"].values()
        assert state["next"] == "/x/"

    @pytest.mark.requirement("ATK-S05")
    def test_it_is_not_there_without_pages(self, client: Client, settings: Any) -> None:
        settings.HEADLESS_ONLY = True

        for method in (client.get, client.post, client.head):
            assert method(DUMMY).status_code == 404
        assert read_session(client) == {}

    @pytest.mark.requirement("ATK-S38")
    def test_missing_app_is_a_404(self, client: Client, club: SocialApp) -> None:
        club.delete()

        assert client.post("/club/login/").status_code == 404

    @pytest.mark.requirement("ATK-S38", "SEC-112")
    def test_ambiguous_app_is_a_controlled_error(
        self, client: Client, club: SocialApp, app_factory: Any
    ) -> None:
        app_factory()

        response = client.post("/club/login/")

        assert response.status_code == 401
        assertTemplateUsed(response, "socialaccount/authentication_error.html")
        assert read_session(client) == {}


class TestOtherPages:
    def test_error_page_has_the_status_of_a_login_that_failed(self, client: Client) -> None:
        page = client.get("/accounts/3rdparty/login/error/")

        assert page.status_code == 401
        assertTemplateUsed(page, "socialaccount/authentication_error.html")
        assert page.context["login_url"] == LOGIN

    def test_intermediate_page_leads_on_at_once(self) -> None:
        from django.template.loader import render_to_string

        html = render_to_string(
            "socialaccount/login_redirect.html",
            {"provider": ClubProvider.name, "redirect_to": '/cb?a=1&b="><script>'},
        )

        assert "<script" not in html
        assert 'http-equiv="refresh" content="0;URL=/cb?a=1&amp;b=&quot;' in html
        assert 'href="/cb?a=1&amp;b=&quot;' in html

    def test_login_and_signup_pages_list_the_providers(
        self, client: Client, club: SocialApp, app_factory: Any
    ) -> None:
        app_factory(provider_id="secret-club", settings={"hidden": True})

        for page in (LOGIN, "/accounts/signup/"):
            html = client.get(f"{page}?next=/x/").content.decode()
            assert 'href="/accounts/dummy/login/?process=login&amp;next=%2Fx%2F"' in html
            assert html.count('href="/club/login/?process=login') == 1

    def test_login_page_asks_the_database_once_for_all_providers(
        self, client: Client, club: SocialApp, app_factory: Any
    ) -> None:
        app_factory(provider_id="north")
        Site.objects.get_current()

        with max_queries(1):
            client.get(LOGIN)

    def test_connections_page_asks_once_for_the_apps_whatever_there_is_to_show(
        self, client: Client, club: SocialApp, user: Any
    ) -> None:
        for number in range(4):
            add_account(user, f"m{number}", provider="club")
        Site.objects.get_current()
        client.force_login(user)

        # Session, user, accounts, apps.
        with max_queries(4):
            client.get("/accounts/3rdparty/")

    def test_social_only_pages_show_nothing_but_providers(
        self, client: Client, settings: Any
    ) -> None:
        settings.SOCIALACCOUNT_ONLY = True

        html = client.get(LOGIN).content.decode()

        assert "/accounts/dummy/login/" in html
        assert "<h2" not in html
        assert "<input" not in html


class TestTags:
    def test_link_to_a_provider(self, club: SocialApp) -> None:
        assert render("{% provider_login_url 'dummy' %}") == "/accounts/dummy/login/"
        assert render("{% provider_login_url provider %}", provider=club.get_provider(None)) == (
            "/club/login/?"
        )

    def test_empty_scope_and_parameters_are_left_out(self) -> None:
        text = (
            "{% provider_login_url 'dummy' scope=scope auth_params=params process=process as url %}"
            "{{ url|safe }}"
        )

        assert render(text, scope="", params="", process="") == "/accounts/dummy/login/?process="
        assert render(text, scope="a,b", params="x=y", process="login") == (
            "/accounts/dummy/login/?scope=a%2Cb&auth_params=x%3Dy&process=login"
        )

    @pytest.mark.parametrize(
        ("path", "params", "query"),
        [
            ("/page/?next=/n/", {}, {"next": "/n/"}),
            ("/page/?next=/n/", {"next": "/m/"}, {"next": "/m/"}),
            ("/page/?next=/n/", {"next": ""}, {}),
            ("/page/?next=", {}, {}),
            ("/page/", {}, {}),
        ],
    )
    def test_next_of_the_page_is_passed_on(
        self, path: str, params: dict[str, Any], query: dict[str, str]
    ) -> None:
        request = make_request(path=path, method="get")

        url = provider_login_url({"request": request}, "dummy", **params)

        assert url == DUMMY + (f"?{urlencode(query)}" if query else "")

    def test_accounts_of_a_user_by_provider(self, user: Any) -> None:
        first, second = add_account(user, 1), add_account(user, 2)
        other = add_account(user, 3, provider="other")

        text = render(
            "{% get_social_accounts user as accounts %}"
            "{% for account in accounts.dummy %}{{ account.pk }} {% endfor %}/"
            "{{ accounts.other.0.pk }}",
            user=user,
        )

        assert text == f"{first.pk} {second.pk} /{other.pk}"

    def test_providers_are_sorted_by_name_without_hidden_ones(
        self, club: SocialApp, app_factory: Any
    ) -> None:
        app_factory(provider_id="x", settings={"hidden": True})

        names = render(
            "{% get_providers as providers %}{% for p in providers %}{{ p.name }},{% endfor %}"
        ).split(",")[:-1]

        assert names == sorted(names)
        assert names.count("The Club") == 1

    def test_html_of_all_providers_is_joined(
        self, club: SocialApp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ClubProvider, "media_js", lambda self, request: "<b>club</b>")

        assert "<b>club</b>" in render("{% providers_media_js %}")

    @pytest.mark.parametrize("tag", ["get_providers", "providers_media_js"])
    def test_tags_that_need_the_request_say_so(self, tag: str) -> None:
        with pytest.raises(KeyError):
            Template("{% load socialaccount %}{% " + tag + " %}").render(Context({}))


class TestAdmin:
    def test_provider_is_chosen_from_those_installed(
        self, admin_client: Client, club: SocialApp
    ) -> None:
        page = admin_client.get("/admin/socialaccount/socialapp/add/")

        form = page.context["adminform"].form
        assert ("club", "The Club") in form.fields["provider"].choices
        for name in ("client_id", "key", "secret"):
            assert form.fields[name].widget.attrs["size"] == "100"

    def test_app_can_be_stored(self, admin_client: Client) -> None:
        data = {
            "provider": "dummy",
            "name": "D",
            "client_id": "c",
            "settings": "{}",
            "sites": [Site.objects.get_current().pk],
        }

        admin_client.post("/admin/socialaccount/socialapp/add/", data)

        assert SocialApp.objects.get().sites.count() == 1
        assert b"D" in admin_client.get("/admin/socialaccount/socialapp/").content

    @pytest.mark.requirement("ATK-C39")
    def test_stored_secrets_are_not_shown_and_stay(
        self, admin_client: Client, app_factory: Any
    ) -> None:
        nested = {"private_key": "canary-3", "x509cert": "public"}
        stored = {"certificate_key": "canary-2", "advanced": nested, "hidden": True, "keys": [1]}
        app = app_factory(provider="dummy", secret="canary-1", key="k", settings=stored)
        url = f"/admin/socialaccount/socialapp/{app.pk}/change/"

        page = admin_client.get(url)

        assert "canary" not in page.content.decode()
        assert "public" in page.content.decode()
        form = page.context["adminform"].form
        data = {name: form[name].value() or "" for name in form.fields if name != "sites"}
        settings = json.loads(data["settings"])
        settings["advanced"]["x509cert"] = "other"
        data |= {"name": "New", "settings": json.dumps(settings)}
        response = admin_client.post(url, {**data, "sites": [Site.objects.get_current().pk]})
        assert response.status_code == 302
        app.refresh_from_db()
        assert (app.name, app.secret, app.key) == ("New", "canary-1", "k")
        stored["advanced"]["x509cert"] = "other"
        assert app.settings == stored

    @pytest.mark.requirement("ATK-C39")
    def test_secrets_can_be_replaced(self, admin_client: Client, app_factory: Any) -> None:
        app = app_factory(provider="dummy", secret="old", settings={"certificate_key": "old"})
        data = {
            "provider": "dummy",
            "name": "D",
            "client_id": "c",
            "secret": "new",
            "settings": '{"certificate_key": "new"}',
        }

        admin_client.post(f"/admin/socialaccount/socialapp/{app.pk}/change/", data)

        app.refresh_from_db()
        assert (app.secret, app.settings) == ("new", {"certificate_key": "new"})

    def test_app_without_settings_can_be_stored(
        self, admin_client: Client, app_factory: Any
    ) -> None:
        app = app_factory(provider="dummy")
        data = {"provider": "dummy", "name": "D", "client_id": "c", "settings": ""}

        admin_client.post(f"/admin/socialaccount/socialapp/{app.pk}/change/", data)

        app.refresh_from_db()
        assert (app.name, app.settings) == ("D", {})

    @pytest.mark.requirement("ATK-C39")
    def test_stored_tokens_are_not_shown_and_stay(self, admin_client: Client, user: Any) -> None:
        account = add_account(user)
        token = SocialToken.objects.create(account=account, token="canary-1", token_secret="")
        url = f"/admin/socialaccount/socialtoken/{token.pk}/change/"

        assert "canary" not in admin_client.get(url).content.decode()
        data = {"account": account.pk, "token": "", "token_secret": "canary-2"}
        assert admin_client.post(url, data).status_code == 302

        token.refresh_from_db()
        assert (token.token, token.token_secret) == ("canary-1", "canary-2")

    def test_a_new_token_needs_one(self, admin_client: Client, user: Any) -> None:
        data = {"account": add_account(user).pk, "token": "", "token_secret": ""}

        page = admin_client.post("/admin/socialaccount/socialtoken/add/", data)

        assert page.context["adminform"].form.errors["token"]

    @pytest.mark.requirement("ATK-C39")
    def test_who_may_only_look_sees_no_secret(
        self, client_factory: Any, user_factory: Any, app_factory: Any
    ) -> None:
        member = user_factory(is_staff=True)
        permissions = Permission.objects.filter(content_type__app_label="socialaccount")
        member.user_permissions.set(permissions.filter(codename__startswith="view_"))
        client = client_factory()
        client.force_login(member)
        app = app_factory(provider="dummy", secret="canary", settings={"certificate_key": "canary"})
        token = SocialToken.objects.create(account=add_account(member), token="canary")

        for path in (f"socialapp/{app.pk}", f"socialtoken/{token.pk}"):
            page = client.get(f"/admin/socialaccount/{path}/change/")
            assert page.status_code == 200
            assert "canary" not in page.content.decode()

    @pytest.mark.requirement("ATK-C39")
    def test_staff_without_permission_sees_nothing(
        self, client_factory: Any, user_factory: Any
    ) -> None:
        client = client_factory()
        client.force_login(user_factory(is_staff=True))

        for name in ("socialapp", "socialaccount", "socialtoken"):
            assert client.get(f"/admin/socialaccount/{name}/").status_code == 403

    def test_accounts_are_searched_by_id_and_user(
        self, admin_client: Client, user_factory: Any
    ) -> None:
        add_account(user_factory(username="anna"), "uid-one")
        add_account(user_factory(username="berta"), "uid-two")

        for query, found in (("uid-one", "anna"), ("berta@", "berta")):
            html = admin_client.get(f"/admin/socialaccount/socialaccount/?q={query}").content
            rows = [name for name in ("anna", "berta") if f">{name}<".encode() in html]
            assert rows == [found]

    def test_tokens_can_be_opened(self, admin_client: Client, user: Any) -> None:
        token = SocialToken.objects.create(account=add_account(user), token="t")

        url = f"/admin/socialaccount/socialtoken/{token.pk}/change/"
        assert admin_client.get(url).status_code == 200


class TestChecks:
    @pytest.mark.requirement("ATK-S43")
    def test_dummy_provider_is_warned_about_in_production(self, settings: Any) -> None:
        settings.DEBUG = False
        assert [message.id for message in settings_check(None)] == ["socialaccount.W001"]
        settings.DEBUG = True
        assert settings_check(None) == []

    def test_social_only_sites_cannot_verify_addresses(self, settings: Any) -> None:
        settings.DEBUG = True
        settings.SOCIALACCOUNT_ONLY = True
        assert settings_check(None) == []

        settings.SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
        (message,) = settings_check(None)
        assert message.is_serious()

    def test_checks_are_registered(self, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
        settings.DEBUG = False

        call_command("check")

        assert "socialaccount.W001" in capsys.readouterr().err


def test_accounts_vanish_with_their_user(user: Any) -> None:
    add_account(user)
    user.delete()

    assert not SocialAccount.objects.exists()


class TestWhatPagesSay:
    def test_connections_say_why_an_account_is_not_removed(
        self, client: Client, user_factory: Any
    ) -> None:
        user = user_factory(password=None)
        account = add_account(user)
        client.force_login(user)

        response = client.post("/accounts/3rdparty/", {"account": account.pk})

        (error,) = response.context["form"].non_field_errors()
        assert error in response.content.decode()
        assert SocialAccount.objects.exists()

    def test_connections_say_that_an_account_has_to_be_chosen(
        self, client: Client, user: Any
    ) -> None:
        add_account(user)
        client.force_login(user)

        response = client.post("/accounts/3rdparty/", {})

        (error,) = response.context["form"].errors["account"]
        assert error in response.content.decode()

    def test_cancelling_leads_users_back_to_their_connections_and_visitors_to_the_login(
        self, client: Client, user: Any
    ) -> None:
        page = reverse("socialaccount_login_cancelled")
        link = f'href="{reverse("socialaccount_connections")}"'

        assert link not in client.get(page).content.decode()
        assert f'href="{LOGIN}"' in client.get(page).content.decode()

        client.force_login(user)
        assert link in client.get(page).content.decode()
