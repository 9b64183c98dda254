"""Reports of errors, as Django mails them to the admins of a site in production."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.views.debug import ExceptionReporter


class ExpectedFailure(Exception):
    """What is made to fail in a test."""


def fail(*args: Any, **kwargs: Any) -> NoReturn:
    """Stand in for what is to fail; its own frame does not show what it was called with."""
    del args, kwargs
    raise ExpectedFailure


@dataclass
class Report:
    """The report of one error.

    Attributes:
        html: All of it.
        variables: ``(module, function, name, value)`` of each variable shown.
    """

    html: str
    variables: list[tuple[str, str, str, str]] = field(default_factory=list)

    def find(self, secret: str, package: str = "") -> list[str]:
        """The variables that show ``secret``, of the modules of ``package`` only.

        The current request is none of them: it shows its URL, and so does the report itself.
        """
        return [
            f"{module}.{function}: {name}"
            for module, function, name, value in self.variables
            if secret in value and module.startswith(package) and "Request: " not in value
        ]


def make_report(request: HttpRequest | None) -> Report:
    """Report the exception that is being handled."""
    reporter = ExceptionReporter(request, *sys.exc_info())
    assert reporter.exc_type is ExpectedFailure, reporter.exc_value
    report = Report(reporter.get_traceback_html())
    for frame in reporter.get_traceback_data()["frames"]:
        module = frame["tb"].tb_frame.f_globals.get("__name__", "")
        for name, value in frame["vars"]:
            report.variables.append((module, frame["function"], name, str(value)))
    return report


@contextmanager
def collect_reports(settings: Any) -> Iterator[list[Report]]:
    """Collect what would be reported of the requests in the block."""
    settings.DEBUG = False
    reports: list[Report] = []

    def receive(request: HttpRequest, **kwargs: Any) -> None:
        reports.append(make_report(request))

    got_request_exception.connect(receive)
    try:
        yield reports
    finally:
        got_request_exception.disconnect(receive)
