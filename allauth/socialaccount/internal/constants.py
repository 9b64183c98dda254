"""Constants of the adapter and the flows."""

from __future__ import annotations

STATE_ID_LENGTH = 16
"""The length of the random id of a state, in characters."""
