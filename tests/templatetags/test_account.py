"""The tag ``user_display``."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.template import Context, engines
from django.template.engine import Engine


@pytest.fixture(autouse=True)
def _display(settings: Any) -> None:
    settings.ACCOUNT_USER_DISPLAY = lambda user: f"<b>{user.get_username()}</b>"


@pytest.mark.parametrize(
    "source", ["{% user_display user %}", "{% user_display user as name %}{{ name }}"]
)
def test_name_is_escaped(source: str) -> None:
    user = get_user_model()(username="x&y")
    template = engines["django"].from_string("{% load account %}" + source)
    assert template.render({"user": user}) == "&lt;b&gt;x&amp;y&lt;/b&gt;"


def test_text_templates_show_the_name_as_it_is() -> None:
    user = get_user_model()(username="x&y")
    template = Engine.get_default().from_string(
        "{% load account %}{% autoescape off %}{% user_display user %}{% endautoescape %}"
    )
    assert template.render(Context({"user": user})) == "<b>x&y</b>"
