"""The translations can be used: complete pairs of files, and placeholders as in the source."""

from __future__ import annotations

import ast
import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from django.utils import translation
from django.utils.translation import gettext

import allauth

LOCALE = Path(allauth.__file__).parent / "locale"
CODES = sorted(path.name for path in LOCALE.iterdir() if path.name != "en")
ENTRY = re.compile(r'^(msg\w+) ((?:".*"\n?)+)', re.MULTILINE)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")


def read_messages(code: str) -> dict[str, str]:
    with (LOCALE / code / "LC_MESSAGES" / "django.mo").open("rb") as file:
        catalog = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {source: text for source, text in catalog.items() if source}


def read_source(source: str) -> dict[str, str]:
    """Return the messages of a ``.po`` file and their translations, without those that lack one."""
    messages = {}
    for entry in source.split("\n\n"):
        texts = {key: ast.literal_eval(f"({text})") for key, text in ENTRY.findall(entry)}
        if texts.get("msgid") and texts.get("msgstr"):
            context = f"{texts['msgctxt']}\x04" if "msgctxt" in texts else ""
            messages[context + texts["msgid"]] = texts["msgstr"]
    return messages


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
def test_compiled_file_is_that_of_the_source(code):
    source = (LOCALE / code / "LC_MESSAGES" / "django.po").read_text()

    assert read_source(source) == read_messages(code)


def test_source_is_read():
    source = """msgid ""
msgstr "Language: xx"

#: somewhere.py:1
msgctxt "field"
msgid "a \\"quoted\\" "
"sentence"
msgstr "two\\nlines"

msgid "not translated"
msgstr ""
"""

    assert read_source(source) == {'field\x04a "quoted" sentence': "two\nlines"}


@pytest.mark.parametrize(("code", "word"), [("de", "Passwort"), ("fr", "mot de passe")])
def test_sentences_are_translated(code, word):
    with translation.override(code):
        assert word.lower() in gettext("Forgot your password?").lower()
