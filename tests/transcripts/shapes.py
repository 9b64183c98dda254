"""The shape of values: their keys and types, without the values themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.functional import LazyObject, Promise, empty

# Their keys are ids that are drawn at random.
_RANDOM_KEYS = {"socialaccount_states": "<state>"}


def name_type(value: Any) -> str:
    """Return the name of the type of ``value``, which is the same in both colors."""
    if isinstance(value, HttpRequest):
        # The handlers of the two colors have classes of their own.
        return "HttpRequest"
    if isinstance(value, LazyObject):
        is_pending = value.__dict__.get("_wrapped", empty) is empty
        return "not loaded" if is_pending else type(value.__dict__["_wrapped"]).__name__
    return "str" if isinstance(value, Promise) else name_class(type(value))


def name_class(cls: type[Any]) -> str:
    """Return the name of a class, unless nobody outside of the package may know it."""
    return "internal" if ".internal." in cls.__module__ else cls.__name__


def name_members(members: Mapping[str, Any]) -> str:
    """Return names and types of arguments, in order of their names."""
    return ", ".join(f"{name}: {name_type(value)}" for name, value in sorted(members.items()))


def iterate_shape(value: Any, name: str, depth: int, indent: str = "  ") -> Iterator[str]:
    """Iterate over lines that say which keys ``value`` has, and of which types they are."""
    yield f"{indent}{name}: {name_type(value)}"
    if not depth:
        return
    if isinstance(value, Mapping):
        random_key = _RANDOM_KEYS.get(name)
        for key in value if random_key else sorted(value, key=str):
            yield from iterate_shape(value[key], random_key or str(key), depth - 1, f"{indent}  ")
    elif isinstance(value, (list, tuple)):
        for item in _leave_out_repeated(value):
            yield from iterate_shape(item, "-", depth - 1, f"{indent}  ")


def _leave_out_repeated(items: Any) -> list[Any]:
    # Lists of things of one kind say no more by their length than by their first.
    return list(items) if any(isinstance(item, (dict, list)) for item in items) else items[:1]


def iterate_form(form: BaseForm, name: str) -> Iterator[str]:
    """Iterate over lines about the fields of a form, and the codes of its errors."""
    yield f"  {name}: {type(form).__name__}{', bound' if form.is_bound else ''}"
    for field_name, field in form.fields.items():
        required = "required " if field.required else ""
        disabled = "disabled " if field.disabled else ""
        kind = f"{type(field).__name__} by {type(field.widget).__name__}"
        yield f"    {field_name}: {required}{disabled}{kind}"
    # Asking for ``errors`` would validate a form that the view did not look at.
    errors = form._errors  # type: ignore[attr-defined]
    for field_name, found in errors.as_data().items() if errors else ():
        codes = ", ".join(str(error.code) for error in found)
        yield f"    ! {field_name}: {codes}"
