"""The tags ``element``, ``slot`` and ``setvar``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.template import (
    Context,
    RequestContext,
    TemplateDoesNotExist,
    TemplateSyntaxError,
)
from django.template.base import Parser, Token, TokenType
from django.template.engine import Engine
from django.test import RequestFactory, override_settings

from allauth.templatetags.allauth import (
    LAYOUT_CONTEXT_KEY,
    SLOTS_CONTEXT_KEY,
    ElementNode,
    SlotNode,
    parse_tag,
)

LOCMEM = "django.template.loaders.locmem.Loader"
CACHED = "django.template.loaders.cached.Loader"

ELEMENTS = {
    "allauth/elements/box.html": "[{% slot %}{% endslot %}|{% slot title %}none{% endslot %}]",
    "allauth/elements/names.html": (
        "{{ layout_seen }}{{ attrs.a }}/{{ attrs.b }}/{{ origin }}/{{ attrs.tags|join:'+' }}"
    ),
    "allauth/elements/where.html": "plain",
    "allauth/elements/where__entrance.html": "entrance",
    "allauth/elements/where__manage.html": "manage",
    "allauth/layouts/base.html": "{% block content %}{% endblock %}",
    "allauth/layouts/entrance.html": (
        "{% extends 'allauth/layouts/base.html' %}{% block content %}{% endblock %}"
    ),
    "allauth/layouts/deep/er.html": "{% block content %}{% endblock %}",
    "account/base_entrance.html": "{% extends 'allauth/layouts/entrance.html' %}",
}


def make_engine(
    templates: dict[str, str] | None = None, *, cached: bool = True, **options: Any
) -> Engine:
    loader: Any = (LOCMEM, {**ELEMENTS, **(templates or {})})
    return Engine(
        loaders=[(CACHED, [loader]) if cached else loader],
        libraries={
            "allauth": "allauth.templatetags.allauth",
            "i18n": "django.templatetags.i18n",
        },
        builtins=["allauth.templatetags.allauth"],
        **options,
    )


def render(
    source: str, templates: dict[str, str] | None = None, context: Any = None, **options: Any
) -> str:
    engine = make_engine({**(templates or {}), "page.html": source}, **options)
    return engine.get_template("page.html").render(
        Context(context or {}, autoescape=engine.autoescape)
    )


class TestElement:
    def test_free_text_is_the_default_slot(self) -> None:
        assert render("{% element box %}x{% endelement %}") == "[x|none]"

    def test_default_slot_counts_as_filled_even_if_blank(self) -> None:
        templates = {"allauth/elements/e.html": "{% slot %}fallback{% endslot %}"}
        assert render("{% element e %}{% endelement %}", templates) == ""

    def test_template_made_from_a_string(self) -> None:
        template = make_engine().from_string("{% element box %}x{% endelement %}")
        assert template.render(Context()) == "[x|none]"

    @pytest.mark.parametrize(
        "source",
        [
            "{% element %}{% endelement %}",
            "{% element a=1 %}{% endelement %}",
            "{% element h1 h2 %}{% endelement %}",
            '{% element "h1" %}{% endelement %}',
            "{% element h1 %}",
            "{% setvar %}{% endsetvar %}",
            "{% setvar a b %}{% endsetvar %}",
        ],
    )
    def test_syntax_errors(self, source: str) -> None:
        with pytest.raises(TemplateSyntaxError):
            make_engine().from_string(source)

    @pytest.mark.parametrize("cached", [True, False])
    def test_unknown_element(self, cached: bool) -> None:
        with pytest.raises(TemplateDoesNotExist, match=r"allauth/elements/nothing\.html"):
            render("{% element nothing %}{% endelement %}", cached=cached)

    def test_attributes_are_expressions(self) -> None:
        source = "{% element names a=var|upper b=_('No') %}{% endelement %}"
        assert render(source, context={"var": "x"}) == "X/No/page/"

    def test_undefined_attribute_is_the_invalid_string(self) -> None:
        assert render("{% element names a=gone %}{% endelement %}") == "//page/"
        output = render("{% element names a=gone b=1 %}{% endelement %}", string_if_invalid="?")
        assert output.startswith("??/1/")

    def test_absent_attribute_is_absent(self) -> None:
        templates = {"allauth/elements/e.html": '{% if "a" in attrs %}yes{% else %}no{% endif %}'}
        source = "{% element e %}{% endelement %}{% element e a=None %}{% endelement %}"
        assert render(source, templates) == "noyes"

    def test_tags_are_split(self) -> None:
        source = '{% element names tags="a, b ,c" %}{% endelement %}'
        assert render(source).endswith("/a+b+c")

    def test_empty_tags_are_left_alone(self) -> None:
        templates = {"allauth/elements/e.html": "{{ attrs.tags|stringformat:'r' }}"}
        assert render('{% element e tags="" %}{% endelement %}', templates) == "''"

    def test_tags_are_passed_on_by_an_element_template(self) -> None:
        templates = {
            "allauth/elements/outer.html": "{% element names tags=attrs.tags %}{% endelement %}"
        }
        source = '{% element outer tags="a,b" %}{% endelement %}'
        assert render(source, templates).endswith("/a+b")

    def test_attributes_are_resolved_after_the_body(self) -> None:
        source = "{% element names a=late %}{% setvar late %}x{% endsetvar %}{% endelement %}"
        assert render(source).startswith("x/")

    def test_attribute_is_escaped(self) -> None:
        source = "{% element names a=evil %}{% endelement %}"
        assert render(source, context={"evil": "<b>"}).startswith("&lt;b&gt;/")

    def test_element_template_sees_the_surrounding_context(self) -> None:
        templates = {"allauth/elements/e.html": "{{ x }}{{ request.path }}{{ csrf_token|yesno }}"}
        source = "{% with x=5 %}{% element e %}{% endelement %}{% endwith %}"
        engine = make_engine({**templates, "page.html": source})
        context = RequestContext(RequestFactory().get("/here/"), {"request": {"path": "/here/"}})
        assert engine.get_template("page.html").render(context) == "5/here/yes"

    @pytest.mark.parametrize(
        "change",
        [
            "{% setvar x %}changed{% endsetvar %}",
            "{% cycle 'changed' 'again' as x %}",
            "{% if 1 %}{% firstof 'changed' as x %}{% endif %}",
        ],
    )
    def test_variables_of_the_element_template_do_not_leak(self, change: str) -> None:
        source = "{% with x='kept' %}{% element e %}{% endelement %}:{{ x }}{% endwith %}"
        output = render(source, {"allauth/elements/e.html": change + "{{ x }}"})
        assert output.endswith("changed:kept")

    def test_names_given_to_the_element_template_do_not_leak(self) -> None:
        source = "{% element box %}x{% endelement %}{{ slots }}{{ attrs }}{{ origin }}"
        assert render(source) == "[x|none]"

    def test_cycle_starts_anew_with_each_element(self) -> None:
        source = "{% for _ in 'ab' %}{% element e %}{% endelement %}{% endfor %}"
        assert render(source, {"allauth/elements/e.html": "{% cycle 'x' 'y' %}"}) == "xx"

    def test_surrounding_autoescape_does_not_reach_the_element_template(self) -> None:
        templates = {"allauth/elements/e.html": "{{ attrs.a }}{% slot %}{% endslot %}"}
        source = (
            "{% autoescape off %}{% element e a=v %}{{ v }}"
            "{% endelement %}{{ v }}{% endautoescape %}"
        )
        assert render(source, templates, {"v": "<"}) == "&lt;<<"

    def test_element_template_escapes_as_the_engine_does(self) -> None:
        templates = {"allauth/elements/e.html": "{{ attrs.a }}"}
        source = "{% autoescape on %}{% element e a=v %}{% endelement %}{{ v }}{% endautoescape %}"
        assert render(source, templates, {"v": "<"}, autoescape=False) == "<&lt;"

    def test_element_template_may_extend(self) -> None:
        templates = {
            "allauth/elements/parent.html": (
                "<{% block a %}a{% endblock %}{% block b %}{% endblock %}>"
            ),
            "allauth/elements/e.html": (
                "{% extends 'allauth/elements/parent.html' %}"
                "{% block b %}{% slot %}{% endslot %}{{ block.super }}{% endblock %}"
            ),
        }
        source = (
            "{% extends 'account/base_entrance.html' %}{% block content %}"
            "{% element e %}{% block a %}page{% endblock %}{% endelement %}{% endblock %}"
        )
        assert render(source, templates) == "<apage>"

    def test_block_in_the_body_can_be_overridden(self) -> None:
        templates = {
            "parent.html": (
                "{% element box %}{% slot title %}{% block t %}"
                "{% endblock %}{% endslot %}{% endelement %}"
            )
        }
        source = "{% extends 'parent.html' %}{% block t %}child{% endblock %}"
        assert render(source, templates) == "[|child]"

    def test_elements_nest(self) -> None:
        source = (
            "{% element box %}{% element box %}in{% slot title %}1{% endslot %}{% endelement %}"
            "{% slot title %}{% element box %}deep{% endelement %}{% endslot %}{% endelement %}"
        )
        assert render(source) == "[[in|1]|[deep|none]]"

    def test_element_template_that_uses_itself(self) -> None:
        templates = {
            "allauth/elements/down.html": (
                "{{ attrs.n }}{% if attrs.n %}{% element down n=attrs.n|add:'-1' %}"
                "{% endelement %}{% endif %}"
            )
        }
        assert render("{% element down n=3 %}{% endelement %}", templates) == "3210"

    def test_failing_body_leaves_no_trace(self) -> None:
        class Failing:
            def __str__(self) -> str:
                raise ValueError("no text")

        engine = make_engine({"page.html": "{% element box %}{{ x }}{% endelement %}"})
        context = Context({"x": Failing(), "page_layout": "entrance"})
        with context.bind_template(engine.get_template("page.html")):
            node = engine.get_template("page.html").nodelist.get_nodes_by_type(ElementNode)[0]
            with pytest.raises(ValueError, match="no text"):
                node.render(context)
            assert context.render_context[SLOTS_CONTEXT_KEY] is None
            assert context.render_context[LAYOUT_CONTEXT_KEY] is None

    def test_rendering_in_threads(self) -> None:
        template = make_engine(
            {
                "page.html": (
                    "{% element box a=n %}{{ n }}{% slot title %}{{ n }}"
                    "{% endslot %}{% endelement %}"
                )
            }
        ).get_template("page.html")

        def run(n: int) -> bool:
            return template.render(Context({"n": n})) == f"[{n}|{n}]"

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(run, range(400)))


class TestOrigin:
    def test_name_of_the_file_without_extension(self) -> None:
        assert render("{% element names %}{% endelement %}") == "//page/"

    def test_inherited_content_names_the_parent(self) -> None:
        templates = {
            "dir/parent.html": "{% block a %}{% endblock %}{% element names %}{% endelement %}"
        }
        source = (
            "{% extends 'dir/parent.html' %}{% block a %}"
            "{% element names %}{% endelement %}{% endblock %}"
        )
        assert render(source, templates) == "//page///dir/parent/"

    @override_settings(ACCOUNT_TEMPLATE_EXTENSION="jinja")
    def test_extension_is_a_setting(self) -> None:
        assert render("{% element names %}{% endelement %}") == "//page.html/"
        templates = {"x.jinja": "{% element names %}{% endelement %}"}
        assert render("{% include 'x.jinja' %}", templates) == "//x/"

    def test_template_made_from_a_string_has_none(self) -> None:
        template = make_engine().from_string("{% element names %}{% endelement %}")
        assert template.render(Context()) == "///"

    def test_can_be_compared(self) -> None:
        templates = {"allauth/elements/e.html": "{% if origin == 'page' %}yes{% endif %}"}
        assert render("{% element e %}{% endelement %}", templates) == "yes"


@pytest.mark.parametrize("cached", [True, False])
class TestLayout:
    def page(self, content: str, parent: str = "account/base_entrance.html") -> str:
        return f"{{% extends '{parent}' %}}{{% block content %}}{content}{{% endblock %}}"

    def test_layout_of_the_page(self, cached: bool) -> None:
        assert render(self.page("{% element where %}{% endelement %}"), cached=cached) == "entrance"

    def test_element_without_a_variant(self, cached: bool) -> None:
        source = self.page("{% element box %}x{% endelement %}")
        assert render(source, cached=cached) == "[x|none]"

    def test_page_without_a_layout(self, cached: bool) -> None:
        assert render("{% element where %}{% endelement %}", cached=cached) == "plain"

    def test_page_layout_variable(self, cached: bool) -> None:
        output = render(
            "{% element where %}{% endelement %}", context={"page_layout": "manage"}, cached=cached
        )
        assert output == "manage"

    def test_layout_of_the_page_wins_over_the_variable(self, cached: bool) -> None:
        source = self.page("{% element where %}{% endelement %}")
        assert render(source, context={"page_layout": "manage"}, cached=cached) == "entrance"

    def test_page_extending_the_base_layout(self, cached: bool) -> None:
        templates = {"allauth/elements/where__base.html": "base"}
        source = self.page("{% element where %}{% endelement %}", "allauth/layouts/base.html")
        assert render(source, templates, cached=cached) == "base"

    def test_layout_in_a_folder(self, cached: bool) -> None:
        templates = {"allauth/elements/where__deep/er.html": "deeper"}
        source = self.page("{% element where %}{% endelement %}", "allauth/layouts/deep/er.html")
        assert render(source, templates, cached=cached) == "deeper"

    def test_body_keeps_the_layout_of_its_element(self, cached: bool) -> None:
        source = (
            "{% with page_layout='entrance' %}{% element box %}{% with page_layout='manage' %}"
            "{% element where %}{% endelement %}{% endwith %}{% endelement %}{% endwith %}"
        )
        assert render(source, cached=cached) == "[entrance|none]"

    def test_included_template_has_no_layout_but_the_variable(self, cached: bool) -> None:
        templates = {"inc.html": "{% element where %}{% endelement %}"}
        source = self.page(
            "{% include 'inc.html' %} {% include 'inc.html' with page_layout='manage' %}"
        )
        assert render(source, templates, cached=cached) == "plain manage"

    def test_element_template_has_no_layout_but_the_variable(self, cached: bool) -> None:
        templates = {"allauth/elements/outer.html": "{% element where %}{% endelement %}"}
        source = self.page("{% element outer %}{% endelement %}")
        assert render(source, templates, cached=cached) == "plain"
        output = render(source, templates, {"page_layout": "manage"}, cached=cached)
        assert output == "manage"

    def test_parent_given_as_a_template_made_from_a_string(self, cached: bool) -> None:
        source = (
            "{% extends parent %}{% block content %}"
            "{% element where %}{% endelement %}{% endblock %}"
        )
        engine = make_engine({"page.html": source}, cached=cached)
        parent = engine.from_string("{% extends 'account/base_entrance.html' %}")
        assert engine.get_template("page.html").render(Context({"parent": parent})) == "entrance"


class TestTemplateCache:
    def make_engine(self, folder: Path, *, cached: bool) -> Engine:
        loader: Any = ("django.template.loaders.filesystem.Loader", [str(folder)])
        (folder / "allauth/elements").mkdir(parents=True)
        (folder / "allauth/elements/e.html").write_text("old")
        return Engine(
            loaders=[(CACHED, [loader]) if cached else loader],
            builtins=["allauth.templatetags.allauth"],
        )

    def render(self, engine: Engine) -> str:
        source = "{% element e %}{% endelement %}"
        return engine.from_string(source).render(Context({"page_layout": "entrance"}))

    def test_template_is_searched_for_once(self, tmp_path: Path) -> None:
        engine = self.make_engine(tmp_path, cached=True)
        assert self.render(engine) == "old"
        (tmp_path / "allauth/elements/e.html").unlink()
        assert self.render(engine) == "old"

    def test_reset_of_the_loaders_finds_changes_and_new_variants(self, tmp_path: Path) -> None:
        engine = self.make_engine(tmp_path, cached=True)
        assert self.render(engine) == "old"
        (tmp_path / "allauth/elements/e.html").write_text("changed")
        engine.template_loaders[0].reset()
        assert self.render(engine) == "changed"
        (tmp_path / "allauth/elements/e__entrance.html").write_text("variant")
        engine.template_loaders[0].reset()
        assert self.render(engine) == "variant"

    def test_loader_without_a_cache_finds_changes_at_once(self, tmp_path: Path) -> None:
        engine = self.make_engine(tmp_path, cached=False)
        assert self.render(engine) == "old"
        (tmp_path / "allauth/elements/e.html").write_text("changed")
        assert self.render(engine) == "changed"
        (tmp_path / "allauth/elements/e__entrance.html").write_text("variant")
        assert self.render(engine) == "variant"

    def test_second_loader_is_asked_too(self) -> None:
        engine = Engine(
            loaders=[
                (CACHED, [(LOCMEM, {"allauth/elements/e.html": "first"})]),
                (LOCMEM, {"allauth/elements/e__entrance.html": "second"}),
            ],
            builtins=["allauth.templatetags.allauth"],
        )
        assert self.render(engine) == "second"

    def test_missing_template_is_missing_again(self) -> None:
        template = make_engine().from_string("{% element nothing %}{% endelement %}")
        for layout in ("", "", "entrance", "entrance"):
            with pytest.raises(TemplateDoesNotExist):
                template.render(Context({"page_layout": layout}))

    def test_engines_do_not_share_templates(self) -> None:
        source = "{% element e %}{% endelement %}"
        for text in ("one", "two"):
            assert render(source, {"allauth/elements/e.html": text}) == text


class TestSlot:
    def test_slot_is_placed_as_often_as_wanted(self) -> None:
        templates = {
            "allauth/elements/e.html": (
                "{% slot b %}{% endslot %}{% slot a %}{% endslot %}{% slot b %}{% endslot %}"
            )
        }
        source = (
            "{% element e %}{% slot a %}1{% endslot %}{% slot b %}2{% endslot %}{% endelement %}"
        )
        assert render(source, templates) == "212"

    def test_fills_add_up(self) -> None:
        templates = {
            "allauth/elements/e.html": (
                "{% slot a %}{% endslot %}:{% for x in slots.a %}<{{ x }}>{% endfor %}"
                "{% if slots.b %}b{% endif %}"
            )
        }
        source = (
            "{% element e %}{% slot a %}1{% endslot %}{% slot a %}2{% endslot %}{% endelement %}"
        )
        assert render(source, templates) == "12:<1><2>"

    def test_fill_is_not_escaped_again(self) -> None:
        source = "{% element box %}{% slot title %}<i>{{ x }}</i>{% endslot %}{% endelement %}"
        assert render(source, context={"x": "<"}) == "[|<i>&lt;</i>]"

    def test_fill_is_a_scope_of_its_own(self) -> None:
        source = (
            "{% element box %}{% slot title %}{% setvar x %}in{% endsetvar %}{{ x }}{% endslot %}"
            "{{ x }}{% endelement %}"
        )
        assert render(source) == "[|in]"

    def test_blank_fill_prevents_the_fallback(self) -> None:
        assert render("{% element box %}{% slot title %}{% endslot %}{% endelement %}") == "[|]"

    def test_explicit_default_fill_is_kept(self) -> None:
        source = (
            "{% element box %} {% slot %}a{% endslot %}"
            "{% slot default %}b{% endslot %}{% endelement %}"
        )
        assert render(source) == "[ab|none]"

    def test_free_text_comes_before_explicit_default_fills(self) -> None:
        source = "{% element box %}{% slot %}fill{% endslot %}free {% endelement %}"
        assert render(source) == "[free fill|none]"

    def test_quotes_are_part_of_the_name(self) -> None:
        source = '{% element box %}{% slot "title" %}x{% endslot %}{% endelement %}'
        assert render(source) == "[|none]"

    def test_further_words_are_ignored(self) -> None:
        source = "{% element box %}{% slot title and more %}x{% endslot %}{% endelement %}"
        assert render(source) == "[|x]"

    def test_slot_in_a_fill_of_a_page_is_a_fill(self) -> None:
        source = (
            "{% element e %}{% slot a %}1{% slot b %}2{% endslot %}{% endslot %}{% endelement %}"
        )
        templates = {"allauth/elements/e.html": "{{ slots.a.0 }}-{{ slots.b.0 }}"}
        assert render(source, templates) == "1-2"

    @pytest.mark.parametrize("forward", ["{% slot t %}no{% endslot %}", "{{ slots.t.0 }}"])
    def test_element_template_forwards_its_slots(self, forward: str) -> None:
        templates = {
            "allauth/elements/outer.html": (
                "{% element box %}{% slot title %}" + forward + "{% endslot %}{% endelement %}"
            )
        }
        source = "{% element outer %}{% slot t %}x{% endslot %}{% endelement %}"
        assert render(source, templates) == "[|x]"

    def test_forwarded_slot_that_was_not_filled_falls_back(self) -> None:
        templates = {
            "allauth/elements/outer.html": (
                "{% element box %}{% slot title %}{% slot t %}no{% endslot %}{% endslot %}"
                "{% slot u %}{% endslot %}{% endelement %}{% slot u %}after{% endslot %}"
            )
        }
        assert render("{% element outer %}{% endelement %}", templates) == "[|no]after"

    def test_slot_outside_any_element_shows_its_content(self) -> None:
        assert render("{% slot a %}x{% endslot %}") == "x"

    def test_variable_named_slots_of_a_page_is_no_matter(self) -> None:
        source = (
            "{% slot a %}x{% endslot %}{% element box %}"
            "{% slot title %}y{% endslot %}{% endelement %}"
        )
        assert render(source, context={"slots": ["9:00", "10:00"]}) == "x[|y]"

    def test_slot_in_an_included_template_is_not_collected(self) -> None:
        templates = {"inc.html": "{% slot title %}x{% endslot %}"}
        source = "{% element box %}{% include 'inc.html' %}{% endelement %}"
        assert render(source, templates) == "[x|none]"

    def test_slot_is_placed_by_a_template_that_the_element_template_includes(self) -> None:
        templates = {
            "inc.html": "{% slot title %}none{% endslot %}",
            "allauth/elements/e.html": "{% include 'inc.html' %}",
        }
        source = "{% element e %}{% slot title %}x{% endslot %}{% endelement %}"
        assert render(source, templates) == "x"


class TestSetVar:
    def test_content_is_stripped_and_safe(self) -> None:
        source = "{% setvar x %}  <b>{{ y }}</b>\n{% endsetvar %}[{{ x }}]"
        assert render(source, context={"y": "<"}) == "[<b>&lt;</b>]"

    def test_scope_ends_with_the_enclosing_one(self) -> None:
        source = "{% with a=1 %}{% setvar x %}1{% endsetvar %}{{ x }}{% endwith %}{{ x }}"
        assert render(source) == "1"

    def test_variable_set_in_an_element_body_stays(self) -> None:
        source = "{% element box %}{% setvar x %}1{% endsetvar %}{% endelement %}{{ x }}"
        assert render(source) == "[|none]1"


def test_parse_tag_separates_names_from_attributes() -> None:
    engine = make_engine()
    parser = Parser([], engine.template_libraries, engine.template_builtins)
    token = Token(TokenType.BLOCK, 'element h1 a=1 b="x y"')
    name, args, kwargs = parse_tag(token, parser)
    assert name == "element"
    assert [arg.token for arg in args] == ["h1"]
    assert {key: value.resolve(Context()) for key, value in kwargs.items()} == {"a": 1, "b": "x y"}


def test_nodes_of_the_body_are_found() -> None:
    template = make_engine().from_string(
        "{% element box %}{% slot title %}{% endslot %}{% endelement %}"
    )
    assert len(template.nodelist.get_nodes_by_type(SlotNode)) == 1
