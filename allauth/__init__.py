"""Authentication, registration and account management for Django, synchronous and asynchronous.

The version is that of the published release whose interface this package keeps.
"""

from __future__ import annotations

VERSION: tuple[int, int, int, str, int] = (65, 21, 1, "final", 0)


def _format_version(version: tuple[int, int, int, str, int]) -> str:
    major, minor, patch, stage, number = version
    text = f"{major}.{minor}.{patch}"
    if stage != "final":
        text += f"-{stage}{number or ''}"
    return text


__title__ = "django-allauth"
__version_info__ = VERSION
__version__ = _format_version(VERSION)
__author__ = "The contributors to this branch"
__license__ = "MIT"
__copyright__ = "Copyright 2026 the contributors to this branch"
