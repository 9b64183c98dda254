"""The decorator that keeps secrets out of error reports.

Reports show the variables of all frames. Flows import it from here, since Django keeps it among its
view decorators, and flows know no views.
"""

from __future__ import annotations

from django.views.decorators.debug import sensitive_variables

__all__ = ["sensitive_variables"]
