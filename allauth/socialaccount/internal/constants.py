"""Numbers that the adapter and the flows share."""

from __future__ import annotations

STATE_ID_LENGTH = 16
"""Characters of the id of a state, which nobody may guess."""
