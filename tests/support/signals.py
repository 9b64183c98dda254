"""Signals that are sent meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.dispatch import Signal


@contextmanager
def collect_signals(**signals: Signal) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Collect name and arguments of each of ``signals`` that is sent within the block."""
    sent: list[tuple[str, dict[str, Any]]] = []
    receivers: list[tuple[Signal, Callable[..., None]]] = []
    for name, signal in signals.items():

        def receive(name: str = name, **kwargs: Any) -> None:
            sent.append((name, kwargs))

        signal.connect(receive)
        receivers.append((signal, receive))
    try:
        yield sent
    finally:
        for signal, receiver in receivers:
            signal.disconnect(receiver)
