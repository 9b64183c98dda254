"""Decorators around views of either color, as functions, methods and in stacks."""

from __future__ import annotations

import time
from typing import Any

import django
import pytest
from asgiref.sync import iscoroutinefunction
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core import mail
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from django.utils.decorators import method_decorator
from pytest_django.asserts import assertRedirects, assertTemplateUsed

from allauth.account.decorators import (
    reauthentication_required,
    secure_admin_login,
    verified_email_required,
)
from allauth.core.exceptions import RateLimited
from allauth.decorators import rate_limit
from tests.projects.custom_hooks import views
from tests.support.hops import Hops
from tests.support.mails import read_code
from tests.support.pages import route_account_pages
from tests.support.sessions import is_logged_in, read_session, write_session

pytestmark = pytest.mark.django_db

# Django's own decorators take asynchronous views since 5.0.
django_5 = pytest.mark.skipif(
    django.VERSION < (5, 0), reason="never_cache() of Django takes no asynchronous views before 5.0"
)
SHAPES = [
    pytest.param("sync/function", id="def"),
    pytest.param("async/function", id="async def"),
    pytest.param("sync/dispatch", id="dispatch of def"),
    pytest.param("async/dispatch", id="dispatch of async def"),
    pytest.param("sync/handler", id="method of def"),
    pytest.param("sync/outside", id="inside others, def"),
    pytest.param("async/outside", id="inside others, async def", marks=django_5),
    pytest.param("sync/inside", id="outside others, def"),
    pytest.param("async/inside", id="outside others, async def", marks=django_5),
    pytest.param("sync/login", id="inside login_required"),
]
every_shape = pytest.mark.parametrize("shape", SHAPES)
DONE = b"plain GET () {'number': 5}"


@pytest.fixture(autouse=True)
def _routes(settings: Any) -> None:
    route_account_pages(settings, *views.urlpatterns)


@every_shape
class TestVerifiedEmailRequired:
    def test_opens_to_a_verified_user(self, client: Client, user: Any, shape: str) -> None:
        client.force_login(user)

        assert client.get(f"/verified/{shape}/5/").content == DONE
        assert mail.outbox == []

    def test_visitor_is_sent_to_the_login(self, client: Client, shape: str) -> None:
        response = client.get(f"/verified/{shape}/5/?page=2")

        target = "%3Fpage%3D2"
        assert response["Location"] == f"/accounts/login/?next=/verified/{shape}/5/{target}"

    def test_visitor_is_sent_where_the_project_wants(self, client: Client, shape: str) -> None:
        if shape == "sync/login":
            pytest.skip("Django's decorator, which is around ours, answers")

        response = client.get(f"/verified_elsewhere/{shape}/5/")

        assert response["Location"] == f"/elsewhere/?then=/verified_elsewhere/{shape}/5/"

    def test_mail_is_sent_by_link(self, client: Client, user_factory: Any, shape: str) -> None:
        user = user_factory(verified=False)
        client.force_login(user)

        response = client.get(f"/verified/{shape}/5/")

        assert response.status_code == 200
        assertTemplateUsed(response, "account/verified_email_required.html")
        assert [message.to for message in mail.outbox] == [[user.email]]
        client.get(f"/verified/{shape}/5/")
        assert len(mail.outbox) == 1

    def test_code_is_asked_for(
        self, client: Client, user_factory: Any, settings: Any, shape: str
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
        route_account_pages(settings, *views.urlpatterns)
        client.force_login(user_factory(verified=False))

        response = client.get(f"/verified/{shape}/5/")
        quoted = f"/verified/{shape}/5/".replace("/", "%2F")
        assertRedirects(response, f"/accounts/confirm-email/?next={quoted}")
        response = client.post(response["Location"], {"code": read_code()})

        assertRedirects(response, f"/verified/{shape}/5/")


@every_shape
class TestReauthenticationRequired:
    def test_user_has_to_prove_it(
        self, client: Client, user: Any, password: str, shape: str
    ) -> None:
        client.force_login(user)
        url = f"/reauthenticated/{shape}/5/"

        response = client.get(url)
        assert response["Location"] == f"/accounts/reauthenticate/?next={url.replace('/', '%2F')}"
        response = client.post(response["Location"], {"password": password})
        assert response["Location"] == url

        assert client.get(url).content == DONE

    def test_setting_does_not_matter_without_an_app(
        self, client: Client, user: Any, settings: Any, shape: str
    ) -> None:
        settings.ACCOUNT_REAUTHENTICATION_REQUIRED = False
        client.force_login(user)

        assert client.get(f"/reauthenticated/{shape}/5/").status_code == 302
        assert client.get(f"/reauthenticated_by_setting/{shape}/5/").content == DONE

    def test_visitor_is_sent_to_the_login(self, client: Client, shape: str) -> None:
        response = client.get(f"/reauthenticated/{shape}/5/")

        assert response["Location"].startswith("/accounts/login/?next=")

    def test_get_may_be_allowed(self, client: Client, user: Any, shape: str) -> None:
        client.force_login(user)

        assert client.get(f"/reauthenticated_for_post/{shape}/5/").content == DONE
        if shape != "sync/handler":  # which guards the GET only
            assert client.post(f"/reauthenticated_for_post/{shape}/5/").status_code == 302
            assert "account_reauthentication_state" in read_session(client)

    def test_may_be_asked_for_on_a_condition(self, client: Client, user: Any, shape: str) -> None:
        client.force_login(user)

        assert client.get(f"/reauthenticated_never/{shape}/5/").content == DONE
        assert client.get(f"/reauthenticated_on_wish/{shape}/5/").content == DONE
        assert client.get(f"/reauthenticated_on_wish/{shape}/5/?wish=1").status_code == 302

    def test_post_is_carried_out_afterwards(
        self, client: Client, user: Any, password: str, shape: str
    ) -> None:
        if shape == "sync/handler":
            pytest.skip("this view guards its GET only, so that no POST has to wait")
        client.force_login(user)
        url = f"/reauthenticated/{shape}/5/"
        response = client.post(url, {"a": "b"})

        response = client.post(response["Location"], {"password": password})

        assert response.content == b"plain POST () {'number': 5}"


@every_shape
class TestRateLimit:
    @pytest.fixture(autouse=True)
    def _limit(self, settings: Any) -> None:
        settings.ACCOUNT_RATE_LIMITS = {"limited": "1/m/ip,1/m/key"}

    def test_answers_429_beyond_the_limit(self, client: Client, user: Any, shape: str) -> None:
        if shape == "sync/handler":
            pytest.skip("this view guards its GET only, and limits count what is posted")
        client.force_login(user)
        url = f"/limited_by_key/{shape}/5/"

        assert client.get(url).content == DONE
        assert client.post(url).status_code == 200
        assert client.post(url).status_code == 429
        assert client.get(url).content == DONE


@every_shape
class TestSecureAdminLogin:
    def test_opens_to_staff(self, client: Client, user_factory: Any, shape: str) -> None:
        client.force_login(user_factory(is_staff=True))

        assert client.get(f"/staff/{shape}/5/").content == DONE

    @pytest.mark.requirement("SEC-041")
    def test_refuses_everybody_who_is_not_staff(
        self, client: Client, user: Any, shape: str
    ) -> None:
        client.force_login(user)

        assert client.get(f"/staff/{shape}/5/").status_code == 403

    @pytest.mark.requirement("SEC-041", "ATK-C40")
    @pytest.mark.parametrize(
        ("query", "target"),
        [
            ("", None),
            ("?next=/foo", "/foo"),
            ("?next=//evil.example", None),
            ("?next=//evil.example&next=/foo", "/foo"),
            ("?next=/foo&next=//evil.example", None),
        ],
    )
    def test_visitor_is_sent_to_the_login(
        self, client: Client, shape: str, query: str, target: str | None
    ) -> None:
        if shape == "sync/login":
            pytest.skip("Django's decorator, which is around ours, answers")
        for method in (client.get, client.post):
            response = method(f"/staff/{shape}/5/{query}")
            if method == client.post and shape == "sync/handler":
                continue

            location = response["Location"]
            assert location.startswith("/accounts/login/?next=/")
            assert not location.startswith("/accounts/login/?next=//")
            if target:
                assert location == f"/accounts/login/?next={target}"
            else:
                assert location.startswith(f"/accounts/login/?next=/staff/{shape}/5/")


class TestAdmin:
    @pytest.fixture(autouse=True)
    def _secured(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(admin.site, "login", secure_admin_login(admin.site.login))

    @pytest.mark.requirement("SEC-041", "ATK-C40")
    def test_credentials_are_not_looked_at(
        self, client: Client, user_factory: Any, password: str, settings: Any
    ) -> None:
        settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
        user = user_factory(is_staff=True, is_superuser=True)
        # The URLs of the admin bind its methods as they are imported.
        settings.ROOT_URLCONF = _admin_urlconf()

        response = client.post(
            "/admin/login/?next=/admin/", {"username": user.username, "password": password}
        )

        assertRedirects(response, "/accounts/login/?next=/admin/", fetch_redirect_response=False)
        assert not is_logged_in(client)

    @pytest.mark.requirement("SEC-041")
    def test_inactive_staff_is_refused(self, user_factory: Any, rf: RequestFactory) -> None:
        from django.core.exceptions import PermissionDenied

        request: Any = rf.get("/")
        request.user = get_user_model()(is_staff=True, is_active=False)

        with pytest.raises(PermissionDenied):
            secure_admin_login(views.plain)(request)

    def test_staff_gets_into_the_admin(
        self, client: Client, user_factory: Any, settings: Any
    ) -> None:
        settings.ROOT_URLCONF = _admin_urlconf()
        client.force_login(user_factory(is_staff=True, is_superuser=True))

        assert client.get("/admin/").status_code == 200


def _admin_urlconf() -> Any:
    from django.urls import include

    from tests.support.middleware import build_urlconf

    return build_urlconf(
        path("admin/", admin.site.urls), path("accounts/", include("allauth.urls"))
    )


class TestColor:
    @pytest.mark.parametrize("name", views.GUARDS)
    def test_view_keeps_color_and_name(self, name: str) -> None:
        guard = views.GUARDS[name]

        guarded, aguarded = guard(views.plain), guard(views.aplain)

        assert not iscoroutinefunction(guarded)
        assert iscoroutinefunction(aguarded)
        assert (guarded.__name__, guarded.__doc__) == ("plain", "A view.")
        assert aguarded.__name__ == "aplain"
        assert guarded.__wrapped__ is views.plain

    @pytest.mark.parametrize("guard", [verified_email_required, secure_admin_login])
    def test_may_be_used_with_and_without_parentheses(self, guard: Any) -> None:
        assert guard()(views.plain).__name__ == "plain"
        assert guard(views.plain).__name__ == "plain"

    def test_marks_of_other_decorators_stay(self) -> None:
        from django.views.decorators.csrf import csrf_exempt

        assert verified_email_required(csrf_exempt(views.plain)).csrf_exempt

    @pytest.mark.parametrize(
        "name", ["verified", "reauthenticated_never", "limited", "staff", "reauthenticated"]
    )
    def test_check_takes_one_hop_at_most(
        self, user_factory: Any, hops: Hops, settings: Any, name: str
    ) -> None:
        from tests.support.clients import AsyncTwin

        client = AsyncTwin()
        user = user_factory(is_staff=True)
        client.force_login(user)
        write_session(
            client,
            account_authentication_methods=[
                {"method": "password", "at": time.time(), "reauthenticated": True}
            ],
            account_authentication_methods_user=str(user.pk),
        )
        hops.clear()
        client.get("/plain/async/")
        plain = len(hops)
        hops.clear()

        response = client.get(f"/{name}/async/function/5/")

        assert response.content == DONE
        assert len(hops) <= plain + 1

    def test_methods_of_a_class_are_guarded_one_by_one(self, client: Client, user: Any) -> None:
        client.force_login(user)

        assert client.get("/reauthenticated/sync/handler/5/").status_code == 302
        assert client.post("/reauthenticated/sync/handler/5/").status_code == 200


def test_limit_may_raise(rf: RequestFactory, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"limited": "1/m/ip"}
    view = rate_limit(action="limited", raise_exception=True)(views.plain)
    view(rf.post("/"))

    with pytest.raises(RateLimited):
        view(rf.post("/"))


def test_several_guards_on_one_view(client: Client, user_factory: Any, settings: Any) -> None:
    guard = [verified_email_required, reauthentication_required, secure_admin_login]
    sync_view, async_view = views.plain, views.aplain
    for one in guard:
        sync_view, async_view = one(sync_view), one(async_view)
    route_account_pages(settings, path("sync/", sync_view), path("async/", async_view))
    client.force_login(user_factory(password=None, is_staff=True))

    for color in ("sync", "async"):
        assert client.get(f"/{color}/").content == b"plain GET () {}"


def test_method_decorator_on_an_async_handler() -> None:
    class Guarded:
        @method_decorator(verified_email_required)
        def get(self, request: Any) -> HttpResponse:
            return HttpResponse()

    assert not iscoroutinefunction(Guarded().get)
