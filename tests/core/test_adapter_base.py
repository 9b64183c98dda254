"""What all adapters have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.core.context import request_context
from allauth.core.internal.adapter import BaseAdapter


class SampleAdapter(BaseAdapter):
    """An adapter with two messages."""

    error_messages: ClassVar[dict[str, Any]] = {
        "plain": _("Please choose another one."),
        "limit": _("You can have at most %d of %s."),
    }


def test_request_is_the_current_one_whatever_is_passed(rf: Any) -> None:
    current, passed = rf.get("/current"), rf.get("/passed")

    assert SampleAdapter(passed).request is None
    with request_context(current):
        assert SampleAdapter().request is current
        assert SampleAdapter(passed).request is current
        adapter = SampleAdapter(request=None)
    assert adapter.request is current, "it is the request at construction"


def test_error_is_made_and_not_raised() -> None:
    error = SampleAdapter().validation_error("plain")

    assert isinstance(error, ValidationError)
    assert error.code == "plain"
    assert error.messages == ["Please choose another one."]


def test_arguments_fill_the_message() -> None:
    error = SampleAdapter().validation_error("limit", 3, "them")

    assert error.messages == ["You can have at most 3 of them."]
    assert error.code == "limit"


def test_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        SampleAdapter().validation_error("unheard-of")


class OtherAdapter(DefaultAccountAdapter):
    """Named by a setting below."""


def test_account_adapter_is_a_new_instance_of_the_configured_class(settings: Any, rf: Any) -> None:
    assert type(get_adapter()) is DefaultAccountAdapter
    assert get_adapter() is not get_adapter()

    settings.ACCOUNT_ADAPTER = f"{__name__}.OtherAdapter"
    assert type(get_adapter(rf.get("/"))) is OtherAdapter
    assert type(get_adapter(request=None)) is OtherAdapter


def test_every_error_of_the_account_app_has_a_message() -> None:
    adapter = get_adapter()

    for code, message in adapter.error_messages.items():
        arguments = (3,) if "%d" in str(message) else ()
        assert adapter.validation_error(code, *arguments).messages[0]
