"""Django's form templates for plain inputs, written out in Python.

Rendering a form of three fields through some twenty templates takes more time than the rest of a
page. The output here is the same. Everything that is not plain goes through the templates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import django
from django.forms import BaseForm, BoundField
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString

if TYPE_CHECKING:
    from allauth.core.internal.types import TemplateContext

_HAS_HELP_TEXT_ID = django.VERSION >= (5, 0)


def render_as_paragraphs(form: BaseForm) -> SafeString:
    """Render ``form`` as its ``as_p()`` does, faster where the project's renderer is Django's."""
    if type(form.renderer) is DjangoTemplates:
        form.renderer = PlainFormRenderer()
    return form.as_p()


class PlainFormRenderer(DjangoTemplates):
    """Renderer that writes paragraphs, labels and plain inputs without templates."""

    def render(
        self, template_name: str, context: TemplateContext, request: HttpRequest | None = None
    ) -> SafeString:
        """Render ``context``, with the template only if it is not one of the plain ones."""
        write = _WRITERS.get(template_name)
        if write is None:
            return SafeString(super().render(template_name, context, request))
        return SafeString(write(context))


def _text(value: object) -> str:
    return conditional_escape(value if isinstance(value, SafeData) else str(value))


def _write_attributes(attrs: Mapping[str, object]) -> str:
    return "".join(
        f" {_text(name)}" if value is True else f' {_text(name)}="{_text(value)}"'
        for name, value in attrs.items()
        if value is not False
    )


def _write_input(context: TemplateContext) -> str:
    widget = context["widget"]
    value = widget["value"]
    value_attribute = "" if value is None else f' value="{_text(value)}"'
    return (
        f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"'
        f"{value_attribute}{_write_attributes(widget['attrs'])}>"
    )


def _write_label(context: TemplateContext) -> str:
    label = _text(context["label"])
    if not context["use_tag"]:
        return label
    tag = context.get("tag", "label")
    return f"<{tag}{_write_attributes(context['attrs'] or {})}>{label}</{tag}>"


def _write_paragraphs(context: TemplateContext) -> str:
    fields = context["fields"]
    errors = context["errors"]
    hidden = "".join(str(field) for field in context["hidden_fields"])
    parts = [str(errors)] if errors else []
    if not fields:
        parts.append(f"<p>{hidden}</p>" if errors else hidden)
    for number, (field, field_errors) in enumerate(fields, start=1):
        if field_errors:
            parts.append(str(field_errors))
        parts.append(_write_paragraph(field, hidden if number == len(fields) else ""))
    return "\n".join(parts)


def _write_paragraph(field: BoundField, hidden: str) -> str:
    classes = field.css_classes()
    class_attribute = f' class="{_text(classes)}"' if classes else ""
    label = field.label_tag() if field.label else ""
    return f"<p{class_attribute}>{label}\n{field}{_write_help(field)}{hidden}</p>"


def _write_help(field: BoundField) -> str:
    help_text = str(field.help_text)
    if not help_text:
        return ""
    has_id = _HAS_HELP_TEXT_ID and field.auto_id
    id_attribute = f' id="{_text(field.auto_id)}_helptext"' if has_id else ""
    return f'<span class="helptext"{id_attribute}>{help_text}</span>'


_WRITERS: dict[str, Callable[[TemplateContext], str]] = {
    "django/forms/label.html": _write_label,
    "django/forms/p.html": _write_paragraphs,
    **{
        f"django/forms/widgets/{name}.html": _write_input
        for name in ("checkbox", "email", "hidden", "input", "number", "password", "text", "url")
    },
}
