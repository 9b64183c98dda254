"""The scripts of the built-in pages, in a browser."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import allauth.account
from tests.templates.markup import Page

CHROMIUM = shutil.which("chromium")
SCRIPTS = Path(str(allauth.account.__file__)).parent / "static/account/js"

PAGE = """<!DOCTYPE html>
<script>
  window.calls = []
  window.question = null
  window.confirm = function (text) { window.question = text; return false }
  window.outside = function () { calls.push('outside') }
  window.allauth = {some: {thing: function (data) { calls.push(this.name + data.key) }, name: 'x'}}
</script>
<script src="account.js"></script>
<script src="onload.js"></script>
<form><button name="action_remove">x</button></form>
<script data-allauth-onload="outside" type="application/json">{}</script>
<script data-allauth-onload="allauth.constructor.constructor" type="application/json">
  "boom"
</script>
<script data-allauth-onload="allauth.not.there" type="application/json">{}</script>
<script data-allauth-onload="allauth.some.thing" type="application/json">not JSON</script>
<script data-allauth-onload="allauth.some.thing">calls.push('executed')</script>
<script data-allauth-onload="allauth.some.thing" type="application/json">{"key": "a<b"}</script>
<script data-allauth-onload="allauth.account.forms.manageEmailForm" type="application/json">
  {"i18n": {"confirmDelete": "Sure?"}}
</script>
<ul></ul>
<script>
  document.addEventListener('DOMContentLoaded', function () {
    const button = document.querySelector('button')
    const event = new MouseEvent('click', {cancelable: true, bubbles: true})
    const answers = [button.dispatchEvent(event)]
    window.confirm = function () { return true }
    document.querySelector('form').addEventListener('submit', function (e) { e.preventDefault() })
    answers.push(button.dispatchEvent(new MouseEvent('click', {cancelable: true})))
    for (const item of calls.concat(question, answers)) {
      document.querySelector('ul').appendChild(document.createElement('li')).textContent = item
    }
  })
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_onload_starts_only_functions_of_allauth_with_their_data(tmp_path: Path) -> None:
    for name in ("account.js", "onload.js"):
        shutil.copy(SCRIPTS / name, tmp_path)
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    browser = subprocess.run(
        [
            str(CHROMIUM),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    results = [item.get_text() for item in Page(browser.stdout).root.find("ul").find_all("li")]
    assert results == ["executed", "xa<b", "Sure?", "false", "true"]
