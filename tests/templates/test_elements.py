"""The built-in elements."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.template import engines

from tests.templates.markup import Page, Tag


def render(source: str, **context: Any) -> str:
    template = engines["django"].from_string("{% load allauth %}" + source)
    return str(template.render(context)).strip()


def parse(source: str, **context: Any) -> Tag:
    return Page(render(source, **context)).root


@pytest.mark.parametrize("name", ["h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td"])
def test_plain_tags(name: str) -> None:
    assert render(f"{{% element {name} %}}x{{% endelement %}}") == f"<{name}>x</{name}>"


def test_small_elements() -> None:
    assert render("{% element hr %}{% endelement %}") == "<hr>"
    assert render("{% element button_group %}x{% endelement %}") == "<div>x</div>"
    assert render("{% element provider_list %}x{% endelement %}") == "<ul>x</ul>"
    assert render("{% element td align='right' %}x{% endelement %}") == '<td align="right">x</td>'
    assert render("{% element badge %}x{% endelement %}") == "<strong>x</strong>"
    assert render("{% element badge title='t' tags='a' %}x{% endelement %}") == (
        '<strong title="t">x</strong>'
    )
    assert render("{% element alert %}x{% slot message %}m{% endslot %}{% endelement %}") == (
        "<p>m</p>"
    )
    assert render("{% element img src='s' alt='' %}{% endelement %}") == '<img src="s">'
    assert render("{% element img src='s' alt='a' tags='a' %}{% endelement %}") == (
        '<img src="s" alt="a">'
    )
    assert render("{% element provider name='n' href='h' provider_id='p' %}{% endelement %}") == (
        '<li><a title="n" href="h">n</a></li>'
    )


def test_button() -> None:
    assert render("{% element button href='' type='' %}x{% endelement %}") == "<button>x</button>"
    source = (
        "{% element button type='submit' value='v' name='n' id='i' form='f' %}x{% endelement %}"
    )
    assert render(source) == ('<button form="f" id="i" name="n" value="v" type="submit">x</button>')


def test_button_with_a_target_is_a_link() -> None:
    source = "{% element button id='i' href=href tags='a' %}x{% endelement %}"
    assert render(source, href="/?a&b") == '<a href="/?a&amp;b" id="i">x</a>'


@pytest.mark.parametrize(("value", "is_open"), [(True, True), (False, False), ("", False)])
def test_details(value: Any, is_open: bool) -> None:
    source = (
        "{% element details open=value %}{% slot summary %}S{% endslot %}"
        "{% slot body %}B{% endslot %}{% endelement %}"
    )
    details = parse(source, value=value).find("details")
    assert ("open" in details.attrs) is is_open
    assert details.find("summary").get_text() == "S"
    assert details.get_text() == "S B"


def test_form() -> None:
    source = (
        "{% element form method='get' id='i' tags='a' %}{% slot actions %}A{% endslot %}"
        "{% slot body %}B{% endslot %}free{% endelement %}"
    )
    form = parse(source).find("form")
    assert form.attrs == {"method": "get", "id": "i"}
    assert form.get_text() == "B A"
    assert parse("{% element form action='/x' %}{% endelement %}").find("form").attrs == {
        "method": "",
        "action": "/x",
    }


def test_fields_are_paragraphs() -> None:
    class Form(forms.Form):
        name = forms.CharField()

    source = "{% element fields form=form unlabeled=True %}ignored{% endelement %}"
    form = Form()
    assert render(source, form=form) == form.as_p().strip()


def test_panel() -> None:
    source = (
        "{% element panel %}{% slot title %}T{% endslot %}{% slot body %}B{% endslot %}"
        "{% slot actions %}1{% endslot %}{% slot actions %}2{% endslot %}{% endelement %}"
    )
    section = parse(source).find("section")
    assert section.find("h2").get_text() == "T"
    assert [item.get_text() for item in section.find("ul").find_all("li")] == ["1", "2"]


def test_panel_without_actions() -> None:
    source = (
        "{% element panel %}{% slot title %}T{% endslot %}{% slot body %}B{% endslot %}"
        "{% endelement %}"
    )
    assert not parse(source).find_all("ul")


class TestField:
    def test_everything_given(self) -> None:
        source = (
            "{% element field type='text' id='i' name='n' value='' required=True disabled=True "
            "readonly=True checked=True placeholder='p' autocomplete='a' tabindex='3' style='s' %}"
            "{% slot label %}L{% endslot %}{% slot help_text %}H{% endslot %}{% endelement %}"
        )
        assert (
            '<input required disabled readonly checked name="n" id="i" placeholder="p"'
            ' autocomplete="a" value="" type="text">' in render(source)
        )
        field = parse(source)
        assert field.find("label", **{"for": "i"}).get_text() == "L"
        assert [tag.name for tag in field.find("p").inside] == ["label", "input", "span"]
        assert field.find("span").get_text() == "H"

    def test_nothing_given(self) -> None:
        field = parse("{% element field value=None %}{% endelement %}")
        assert field.find("input").attrs == {}
        assert not field.find_all("span")

    @pytest.mark.parametrize("kind", ["checkbox", "radio"])
    def test_label_follows_a_box(self, kind: str) -> None:
        field = parse("{% element field type=kind id='i' %}{% endelement %}", kind=kind)
        assert [tag.name for tag in field.find("p").inside] == ["input", "label"]

    def test_textarea(self) -> None:
        source = (
            "{% element field type='textarea' id='i' name='n' rows=3 required=True disabled=True "
            "readonly=True placeholder='p' value='no' autocomplete='no' %}"
            "{% slot label %}L{% endslot %}{% slot value %}a\n<b{% endslot %}"
            "{% slot help_text %}H{% endslot %}{% endelement %}"
        )
        assert (
            '<textarea required rows="3" disabled readonly name="n" id="i" placeholder="p">'
            "a\n<b</textarea>" in render(source)
        )

    def test_errors_come_first(self) -> None:
        errors = forms.utils.ErrorList(["wrong"])
        field = parse("{% element field errors=errors %}{% endelement %}", errors=errors)
        assert field.inside[0].name == "ul"
        assert field.find("ul").get_text() == "wrong"
        assert not field.find("p").find_all("ul")

    def test_value_is_escaped(self) -> None:
        output = render("{% element field value=v %}{% endelement %}", v='"><svg>')
        assert 'value="&quot;&gt;&lt;svg&gt;"' in output
