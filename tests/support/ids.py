"""Names of parameters that every process gives alike."""

from __future__ import annotations


def name_parameter(value: object) -> str:
    """The first 60 characters of ``value`` as Python writes it, with sets in order.

    The order of a set of strings differs between processes, and workers of one run have to
    collect tests of the same names.
    """
    shown = sorted(value) if isinstance(value, set) else value
    return repr(shown)[:60]
