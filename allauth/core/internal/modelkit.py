"""Alias of the modules for serialized instances and races in the database."""

from __future__ import annotations

from allauth.core.internal.db_races import begin_with_write, get_collision_errors
from allauth.core.internal.instance_json import deserialize_instance, serialize_instance

__all__ = [
    "begin_with_write",
    "deserialize_instance",
    "get_collision_errors",
    "serialize_instance",
]
