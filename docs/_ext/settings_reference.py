"""The directive ``settings-reference``: the settings of an app, from their declarations.

    .. settings-reference:: allauth.account.app_settings
       :prefix: ACCOUNT_

With the option ``optional``, an app that is not part of this checkout is left out.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.rst import escape


class SettingsReference(SphinxDirective):
    """Renders one ``confval`` for each setting."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "prefix": directives.unchanged_required,
        "optional": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Make the nodes of all settings."""
        module_name = self.arguments[0]
        if "optional" in self.options and not _is_present(module_name):
            return self.parse_text_to_nodes("This app is not part of the branch yet.")
        module = importlib.import_module(module_name)
        self.env.note_dependency(module.__file__ or "")
        lines: list[str] = []
        for setting in module.AppSettings.declarations(self.options["prefix"]):
            lines += [
                f".. confval:: {setting.name}",
                f"   :type: {escape(setting.type)}",
                f"   :default: ``{setting.default}``",
                "",
                f"   {escape(setting.help)}",
                "",
            ]
        return self.parse_text_to_nodes("\n".join(lines))


def _is_present(module_name: str) -> bool:
    try:
        return find_spec(module_name) is not None
    except ModuleNotFoundError:  # of a package above it
        return False


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("settings-reference", SettingsReference)
    return {"parallel_read_safe": True}
