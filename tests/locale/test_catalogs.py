"""The translations can be used: complete pairs of files, and placeholders as in the source."""

from __future__ import annotations

import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext

import allauth

LOCALE = Path(allauth.__file__).parent / "locale"
CODES = sorted(path.name for path in LOCALE.iterdir() if path.name != "en")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


def read_messages(code: str) -> dict[str, str]:
    with (LOCALE / code / "LC_MESSAGES" / "django.mo").open("rb") as file:
        catalog = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {source: text for source, text in catalog.items() if source}


def test_all_languages_of_the_published_release_are_there():
    assert len(CODES) == 45


@pytest.mark.parametrize("code", CODES)
def test_placeholders_are_those_of_the_source(code):
    messages = read_messages(code)
    assert len(messages) > 200
    for source, text in messages.items():
        assert text.strip()
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(source)), source


@pytest.mark.parametrize("code", CODES)
def test_source_can_be_edited(code):
    assert (LOCALE / code / "LC_MESSAGES" / "django.po").stat().st_size > 10_000


@pytest.mark.parametrize(("code", "word"), [("de", "Passwort"), ("fr", "mot de passe")])
def test_sentences_are_translated(code, word):
    with translation.override(code):
        assert word.lower() in gettext("Forgot your password?").lower()
