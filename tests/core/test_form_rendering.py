"""Forms look the same whether Django's templates or our own code render them."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

from allauth.core.internal.form_rendering import PlainFormRenderer, render_as_paragraphs


class ExampleForm(forms.Form):
    error_css_class = "error"
    required_css_class = "required"

    name = forms.CharField(help_text="Your <b>name</b>", max_length=30)
    email = forms.EmailField(label='E-mail "x" <y>', required=False)
    password = forms.CharField(widget=forms.PasswordInput(attrs={"autocomplete": "off"}))
    agree = forms.BooleanField(required=False)
    number = forms.IntegerField(initial=1234567)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")])
    text = forms.CharField(widget=forms.Textarea, label="")
    secret = forms.CharField(widget=forms.HiddenInput, initial='"><script>')


class HiddenForm(forms.Form):
    secret = forms.CharField(widget=forms.HiddenInput, initial="x")


def squeeze(html: str) -> str:
    return re.sub(r"\s*(<|>)\s*", r"\1", html)


@pytest.mark.parametrize("form_class", [ExampleForm, HiddenForm, forms.Form])
@pytest.mark.parametrize("data", [None, {}, {"name": "<\"&'>", "number": "x", "kind": "zzz"}])
@pytest.mark.parametrize("options", [{}, {"auto_id": False}, {"prefix": "p"}])
def test_output_is_that_of_django(form_class, data, options):
    reference = form_class(data, renderer=DjangoTemplates(), **options).as_p()
    form = form_class(data, renderer=DjangoTemplates(), **options)
    assert squeeze(render_as_paragraphs(form)) == squeeze(reference)
    assert isinstance(form.renderer, PlainFormRenderer)


def test_a_renderer_of_the_project_is_left_alone():
    class Renderer(DjangoTemplates):
        pass

    renderer = Renderer()
    form = ExampleForm(renderer=renderer)
    render_as_paragraphs(form)
    assert form.renderer is renderer


def test_values_are_escaped():
    form = ExampleForm({"name": '"><svg onload=x>'}, renderer=DjangoTemplates())
    html = render_as_paragraphs(form)
    assert "<svg" not in html
    assert "&quot;&gt;&lt;svg" in html
