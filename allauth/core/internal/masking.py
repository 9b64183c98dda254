"""Keeping secrets out of reports of errors.

Reports show the variables of all frames. Flows know no views, where Django keeps its decorator.
"""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

__all__ = ["sensitive_variables"]
