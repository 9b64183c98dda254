"""Answers to scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.test import Client
from django.urls import reverse

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm


class SampleForm(forms.Form):
    """A name and a secret."""

    name = forms.CharField(label="Name", help_text="Your <b>name</b>", initial="Anna")
    password = forms.CharField(widget=forms.PasswordInput, required=False)

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("name") == "nobody":
            raise forms.ValidationError("Nobody can be nobody.")
        return self.cleaned_data


def respond(request: Any, response: HttpResponse, **kwargs: Any) -> tuple[int, dict[str, Any]]:
    answer = get_adapter().ajax_response(request, response, **kwargs)
    assert answer["Content-Type"] == "application/json"
    return answer.status_code, json.loads(answer.content)


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({}, False),
        ({"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}, True),
        ({"HTTP_X_REQUESTED_WITH": "fetch"}, False),
        ({"HTTP_ACCEPT": "application/json"}, True),
        ({"HTTP_ACCEPT": "application/json, */*"}, False),
        ({"HTTP_ACCEPT": "text/html"}, False),
    ],
)
def test_scripts_are_told_by_their_headers(rf: Any, meta: dict[str, str], expected: bool) -> None:
    assert get_adapter().is_ajax(rf.get("/", **meta)) is expected


def test_json_comes_from_scripts(rf: Any) -> None:
    assert get_adapter().is_ajax(rf.post("/", "{}", content_type="application/json"))
    assert get_adapter().is_ajax(rf.post("/", "{}", content_type="application/json; charset=utf-8"))
    assert not get_adapter().is_ajax(rf.post("/", {}))


@pytest.mark.parametrize("status", [301, 302])
def test_redirect_becomes_a_location(rf: Any, status: int) -> None:
    response = HttpResponseRedirect("/there", status=status)

    assert respond(rf.post("/"), response) == (200, {"location": "/there"})


def test_location_can_be_given(rf: Any) -> None:
    assert respond(rf.post("/"), HttpResponse(), redirect_to="/x") == (200, {"location": "/x"})


def test_other_answers_keep_their_status(rf: Any) -> None:
    assert respond(rf.get("/"), HttpResponse("page", status=404)) == (404, {})
    assert respond(rf.get("/"), HttpResponse(), data=[]) == (200, {"data": []})


def test_form_on_get_is_described(rf: Any) -> None:
    status, body = respond(rf.get("/"), HttpResponse("<p>é</p>"), form=SampleForm(), data={"a": 1})

    assert status == 200
    assert list(body) == ["form", "html", "data"]
    assert body["html"] == "<p>é</p>"
    assert body["form"]["field_order"] == ["name", "password"]
    assert body["form"]["errors"] == []
    assert body["form"]["fields"]["name"] == {
        "label": "Name",
        "value": "Anna",
        "help_text": "Your <b>name</b>",
        "errors": [],
        "widget": {"attrs": {}},
    }


@pytest.mark.parametrize(
    ("name", "status", "field_errors", "errors"),
    [
        ("Anna", 200, [], []),
        ("", 400, ["This field is required."], []),
        ("nobody", 400, [], ["Nobody can be nobody."]),
    ],
)
def test_form_on_post_is_valid_or_a_bad_request(
    rf: Any, name: str, status: int, field_errors: list[str], errors: list[str]
) -> None:
    form = SampleForm({"name": name, "password": "s3cret"})

    found, body = respond(rf.post("/"), HttpResponse(), form=form)
    assert found == status
    assert body["form"]["fields"]["name"]["errors"] == field_errors
    assert body["form"]["errors"] == errors
    assert body["form"]["fields"]["password"]["value"] is None


def test_location_of_a_valid_form_comes_first(rf: Any) -> None:
    form = SampleForm({"name": "Anna"})

    status, body = respond(rf.post("/"), HttpResponseRedirect("/there"), form=form)
    assert status == 200
    assert list(body) == ["location", "form", "html"]


@pytest.mark.django_db
def test_login_answers_scripts(client: Client, user: Any, password: str) -> None:
    headers = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
    url = reverse("account_login")

    page = client.get(url, **headers)
    assert page.status_code == 200
    assert set(page.json()["form"]["fields"]) == {"login", "password", "remember"}
    wrong = client.post(url, {"login": user.username, "password": "a-bad-guess"}, **headers)
    assert wrong.status_code == 400
    assert wrong.json()["form"]["errors"]
    assert "a-bad-guess" not in wrong.content.decode()
    right = client.post(url, {"login": user.username, "password": password}, **headers)
    assert right.status_code == 200
    assert right.json()["location"] == "/accounts/profile/"


@pytest.mark.requirement("ATK-A08")
@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("account_login", ["password"]),
        ("account_signup", ["password1", "password2"]),
        ("account_change_password", ["oldpassword", "password1", "password2"]),
    ],
)
def test_secrets_are_not_sent_back(
    settings: Any, client: Client, user: Any, name: str, fields: list[str]
) -> None:
    settings.ACCOUNT_PASSWORD_INPUT_RENDER_VALUE = False
    if name == "account_change_password":
        client.force_login(user)
    data = {"login": user.username, **dict.fromkeys(fields, "s3cret-but-wrong")}

    response = client.post(reverse(name), data, HTTP_X_REQUESTED_WITH="XMLHttpRequest")
    assert response.status_code == 400
    described = response.json()["form"]["fields"]
    assert [described[field]["value"] for field in fields] == [None] * len(fields)
    assert "s3cret-but-wrong" not in response.content.decode()


@pytest.mark.requirement("ATK-A08")
def test_codes_are_not_sent_back() -> None:
    form = ConfirmLoginCodeForm({"code": "BBBB-BBBB"}, code="CCCC-CCCC")

    described = get_adapter().ajax_response_form(form)
    assert described["fields"]["code"]["errors"]
    assert described["fields"]["code"]["value"] is None


@pytest.mark.django_db
def test_logout_page_answers_scripts(client: Client, user: Any) -> None:
    client.force_login(user)
    response = client.get(reverse("account_logout"), HTTP_X_REQUESTED_WITH="XMLHttpRequest")

    assert response.status_code == 200
    assert response.json() == {}
