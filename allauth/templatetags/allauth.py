"""The tags ``element``, ``slot`` and ``setvar``: ``{% load allauth %}``.

Every piece of markup in the built-in pages is an *element*: a small template below
``allauth/elements/`` which a project can override to give all pages its own look.
"""

from typing import Any, cast

from django import template
from django.forms import BaseForm
from django.template.base import (
    FilterExpression,
    Node,
    NodeList,
    Parser,
    Template,
    Token,
    token_kwargs,
)
from django.template.context import Context
from django.template.engine import Engine
from django.template.exceptions import TemplateSyntaxError
from django.template.loader_tags import ExtendsNode
from django.template.loaders import cached
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from allauth.account import app_settings as account_settings
from allauth.core.internal.form_rendering import render_as_paragraphs

SLOTS_CONTEXT_KEY = "slots_context"
LAYOUT_CONTEXT_KEY = "layout_context"

_LAYOUT_PREFIX = "allauth/layouts/"

register = template.Library()


def parse_tag(
    token: Token, parser: Parser
) -> tuple[str, list[FilterExpression], dict[str, FilterExpression]]:
    """Split a tag into its name, its positional arguments and its ``name=value`` arguments.

    Parameters:
        token: The tag as written in the template.
        parser: Compiles the values, which may be variables, literals and filters.

    Raises ``TemplateSyntaxError`` if a value is not a valid template expression.
    """
    tag_name, *bits = token.split_contents()
    args: list[FilterExpression] = []
    kwargs: dict[str, FilterExpression] = {}
    for bit in bits:
        named = token_kwargs([bit], parser)
        if named:
            kwargs |= named
        else:
            args.append(parser.compile_filter(bit))
    return tag_name, args, kwargs


def _find_layout(context: Context) -> str | None:
    """Return the layout in use, following the ``extends`` chain of the template being rendered."""
    for origin in context.render_context.get(ExtendsNode.context_key) or ():
        # A template made from a string has no name.
        name = origin.template_name or ""
        if name.startswith(_LAYOUT_PREFIX):
            return str(name.removeprefix(_LAYOUT_PREFIX).removesuffix(".html"))
    return context.render_context.get(LAYOUT_CONTEXT_KEY) or context.get("page_layout")


def _find_template(engine: Engine, element: str, layout: str | None) -> Template:
    """Return the template of an element, preferring the variant made for the layout.

    Almost no element has a variant for the layout it is used in, so the plain search pays for an
    exception with every element. The choice is therefore kept in the cache of Django's own loader,
    which is emptied when a template changes on disk. With any other loader (uncached, or choosing
    by tenant, for example) each element is searched for anew.
    """
    names = [f"allauth/elements/{element}.html"]
    if layout:
        names.insert(0, f"allauth/elements/{element}__{layout}.html")
    loader = engine.template_loaders[0]
    if len(engine.template_loaders) > 1 or type(loader) is not cached.Loader:
        return engine.select_template(names)
    key = "|".join(("element", *names))
    found = loader.get_template_cache.get(key)
    if found is None:
        found = loader.get_template_cache[key] = engine.select_template(names)
    return cast(Template, found)


class ElementNode(Node):
    """The node of ``{% element NAME attribute=value … %} … {% endelement %}``.

    Parameters:
        nodelist: The content between the tags: slots, and text around them.
        element: Name of the element.
        kwargs: Its attributes.
    """

    def __init__(
        self, nodelist: NodeList, element: str, kwargs: dict[str, FilterExpression]
    ) -> None:
        self.nodelist = nodelist
        self.element = element
        self.kwargs = kwargs

    def render(self, context: Context) -> SafeString:
        """Render the content, then pass it to the template of the element.

        Raises ``TemplateDoesNotExist`` if there is no such element.
        """
        engine = cast(Template, context.template).engine
        layout = _find_layout(context)
        element_template = _find_template(engine, self.element, layout)
        slots = self._render_body(context, layout)
        # The element may set any variable, or move a `{% cycle %}` of the page on by one, without
        # the page noticing: it works on a flat copy of the names, with the page's values.
        variables: dict[Any, Any] = context.flatten()
        variables["slots"] = slots
        variables["attrs"] = self._resolve_attributes(context)
        # Reading a setting costs more than the rest of this method, and few elements need it.
        variables["origin"] = SimpleLazyObject(self._get_origin_name)
        element_context = context.new(variables)
        element_context.autoescape = engine.autoescape
        return element_template.render(element_context)

    def _render_body(self, context: Context, layout: str | None) -> dict[str, list[SafeString]]:
        """Render the content and return the slots filled by it."""
        state = context.render_context
        fills: dict[str, list[SafeString]] = {}
        outer = state.get(SLOTS_CONTEXT_KEY), state.get(LAYOUT_CONTEXT_KEY)
        state[SLOTS_CONTEXT_KEY], state[LAYOUT_CONTEXT_KEY] = fills, layout
        try:
            text = self.nodelist.render(context)
        finally:
            state[SLOTS_CONTEXT_KEY], state[LAYOUT_CONTEXT_KEY] = outer
        explicit = fills.get("default", [])
        fills["default"] = explicit if explicit and not text.strip() else [text, *explicit]
        return fills

    def _resolve_attributes(self, context: Context) -> dict[str, object]:
        attrs = {name: value.resolve(context) for name, value in self.kwargs.items()}
        tags = attrs.get("tags")
        # An element template passes its own tags on as the list they have become.
        if tags and not isinstance(tags, list):
            attrs["tags"] = [tag.strip() for tag in str(tags).split(",")]
        return attrs

    def _get_origin_name(self) -> str:
        name = self.origin.template_name or ""
        return str(name).removesuffix(f".{account_settings.TEMPLATE_EXTENSION}")


class SlotNode(Node):
    """The node of ``{% slot NAME %} … {% endslot %}``.

    It fills a slot if it is written in the body of an element, and places one if it is written in
    the template of an element.

    Parameters:
        name: Name of the slot.
        nodelist: The content to fill the slot with, or the default of a slot that was not filled.
    """

    def __init__(self, name: str, nodelist: NodeList) -> None:
        self.name = name
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        """Render the slot: store its content in the body of an element, place it in a template."""
        fills = context.render_context.get(SLOTS_CONTEXT_KEY)
        if fills is None:
            return self._place(context)
        fills.setdefault(self.name, []).append(self._render_fill(context, fills))
        return SafeString()

    def _place(self, context: Context) -> SafeString:
        slots = context.get("slots")
        # The page may use a variable of that name for its own purposes.
        contents = slots.get(self.name) if isinstance(slots, dict) else None
        if contents is None:
            with context.push():
                return self.nodelist.render(context)
        return SafeString("".join(contents))

    def _render_fill(self, context: Context, fills: dict[str, list[SafeString]]) -> SafeString:
        state = context.render_context
        # Within an element template, a slot inside a fill passes on the slots of this element.
        state[SLOTS_CONTEXT_KEY] = None if isinstance(context.get("slots"), dict) else fills
        try:
            with context.push():
                return self.nodelist.render(context)
        finally:
            state[SLOTS_CONTEXT_KEY] = fills


class SetVarNode(Node):
    """The node of ``{% setvar NAME %} … {% endsetvar %}``.

    Parameters:
        nodelist: The content to store.
        var: Name of the variable to store it in.
    """

    def __init__(self, nodelist: NodeList, var: str) -> None:
        self.nodelist = nodelist
        self.var = var

    def render(self, context: Context) -> SafeString:
        """Store the content, without the space around it, in the variable."""
        # Rendered content is escaped already.
        context[self.var] = SafeString(self.nodelist.render(context).strip())
        return SafeString()


@register.tag("element")
def do_element(parser: Parser, token: Token) -> ElementNode:
    """Compile the ``element`` tag.

    Raises ``TemplateSyntaxError`` unless exactly one name, a bare word, is given.
    """
    tag_name, args, kwargs = parse_tag(token, parser)
    if len(args) != 1 or args[0].token[0] in "\"'":
        raise TemplateSyntaxError(
            f"'{tag_name}' takes one name, without quotes, and attributes: "
            f'{{% {tag_name} button type="submit" %}}…{{% end{tag_name} %}}'
        )
    nodelist = parser.parse((f"end{tag_name}",))
    parser.delete_first_token()
    return ElementNode(nodelist, args[0].token, kwargs)


@register.tag("slot")
def do_slot(parser: Parser, token: Token) -> SlotNode:
    """Compile the ``slot`` tag. Without a name, it stands for the slot ``default``."""
    tag_name, *names = token.split_contents()
    nodelist = parser.parse((f"end{tag_name}",))
    parser.delete_first_token()
    return SlotNode(names[0] if names else "default", nodelist)


@register.filter
def as_paragraphs(form: BaseForm) -> SafeString:
    """Render the form as its ``as_p`` does, only faster."""
    return render_as_paragraphs(form)


@register.tag("setvar")
def do_setvar(parser: Parser, token: Token) -> SetVarNode:
    """Compile the ``setvar`` tag.

    Raises ``TemplateSyntaxError`` unless exactly one name is given.
    """
    tag_name, *names = token.split_contents()
    if len(names) != 1:
        raise TemplateSyntaxError(
            f"'{tag_name}' takes one name: {{% {tag_name} title %}}…{{% end{tag_name} %}}"
        )
    nodelist = parser.parse((f"end{tag_name}",))
    parser.delete_first_token()
    return SetVarNode(nodelist, names[0])
