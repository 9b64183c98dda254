"""Notes what happens while a request is served."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth import signals as auth_signals
from django.contrib.messages.constants import DEFAULT_TAGS
from django.core import mail
from django.db import connection
from django.dispatch import Signal
from django.forms import BaseForm
from django.test.signals import template_rendered

import allauth
from allauth.account import signals as account_signals
from allauth.socialaccount import signals as socialaccount_signals
from tests.transcripts import storage
from tests.transcripts.shapes import iterate_form, name_class, name_members
from tests.transcripts.statements import Shortener, is_transaction_control

OUR_TEMPLATES = (str(Path(allauth.__file__).parent), str(Path(__file__).parents[1]))
ELEMENTS = "allauth/elements/"

# Django's test client and class-based views put these in.
_INTERNAL_KEYS = {"view"}


def _find_signals() -> dict[str, Signal]:
    modules = {
        "auth": auth_signals,
        "account": account_signals,
        "socialaccount": socialaccount_signals,
    }
    found: dict[str, Signal] = {}
    for app, module in modules.items():
        for name, value in vars(module).items():
            # The account app offers one of Django's under its own name too.
            is_new = isinstance(value, Signal) and value not in found.values()
            if is_new and not name.startswith("_"):
                found[f"{app}.{name}"] = value
    return found


SIGNALS = _find_signals()


class Recorder:
    """What happened within the block of :meth:`recording`.

    Attributes:
        events: Statements, signals, mails and messages, in the order in which they came about.
        statements: How many statements there were, without those that control transactions.
        templates: The names of the templates of pages, and of mails.
        context: The keys of the context of the page.
        forms: The forms in that context, by key.
        mails: The mails that were sent.
    """

    def __init__(self) -> None:
        self.events: list[str] = []
        self.statements = 0
        self.templates: set[str] = set()
        self.mail_templates: set[str] = set()
        self.context: list[str] | None = None
        self.forms: dict[str, BaseForm] = {}
        self.mails: list[Any] = []
        self._shortener = Shortener()

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Note what happens within the block."""
        sent = len(mail.outbox)
        with ExitStack() as stack:
            stack.enter_context(connection.execute_wrapper(self._note_statement))
            for name, signal in SIGNALS.items():
                stack.enter_context(_listen(signal, self._make_receiver(name)))
            stack.enter_context(_listen(template_rendered, self._note_template))
            storage.listeners.append(self._note_message)
            stack.callback(storage.listeners.remove, self._note_message)
            yield
        self.mails = mail.outbox[sent:]

    def iterate_forms(self) -> Iterator[str]:
        """Iterate over lines about the forms, each of which is described once."""
        names: dict[int, str] = {}
        # The form that is in use is called this everywhere.
        for name in sorted(self.forms, key=lambda name: (name != "form", name)):
            form = self.forms[name]
            if id(form) in names:
                yield f"  {name}: the same as {names[id(form)]}"
            else:
                names[id(form)] = name
                yield from iterate_form(form, name)

    def _note_statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        statement = self._shortener.shorten(sql, params)
        self.statements += not is_transaction_control(statement)
        self.events.append(f"sql {statement}")
        return execute(sql, params, many, context)

    def _make_receiver(self, name: str) -> Callable[..., None]:
        def receive(sender: Any, signal: Signal, **kwargs: Any) -> None:
            origin = sender if inspect.isclass(sender) else type(sender)
            arguments = name_members(kwargs)
            self.events.append(f"signal {name} from {name_class(origin)} ({arguments})")

        return receive

    def _note_message(self, level: int, extra_tags: str) -> None:
        tags = f" tagged {extra_tags}" if extra_tags else ""
        self.events.append(f"message {DEFAULT_TAGS[level]}{tags}")

    def _note_template(self, template: Any, context: Any, **kwargs: Any) -> None:
        origin = str(getattr(template.origin, "name", ""))
        name = template.name
        if not name or not origin.startswith(OUR_TEMPLATES):
            return
        if "/messages/" in name:
            keys = ", ".join(_list_keys(context))
            self.events.append(f"text of a message {name} ({keys})")
        elif "/email/" in name:
            self._note_mail_template(name, context)
        else:
            self._note_page_template(name, context)

    def _note_mail_template(self, name: str, context: Any) -> None:
        self.mail_templates.add(name)
        prefix, is_subject, _ = name.partition("_subject.")
        if is_subject:
            self.events.append(f"mail {prefix} ({', '.join(_list_keys(context))})")

    def _note_page_template(self, name: str, context: Any) -> None:
        self.templates.add(name)
        if self.context is None:
            self.context = _list_keys(context)
            self.forms = {
                key: context[key] for key in self.context if isinstance(context[key], BaseForm)
            }


def _list_keys(context: Any) -> list[str]:
    """Return the keys that the caller of a template handed over."""
    # The first layer holds True, False and None, another what context processors add.
    ignored = {0, getattr(context, "_processors_index", 0)}
    layers = [layer for index, layer in enumerate(context.dicts) if index not in ignored]
    return sorted({str(key) for layer in layers for key in layer} - _INTERNAL_KEYS)


@contextmanager
def _listen(signal: Signal, receiver: Callable[..., Any]) -> Iterator[None]:
    signal.connect(receiver, weak=False)
    try:
        yield
    finally:
        signal.disconnect(receiver)
