"""All statements of Section 4 of the gradient-boosting paper, each checked by computation."""

from __future__ import annotations

from .boosted_loss_statements import boosted_loss_statements
from .normaliser_statements import normaliser_statements
from .squared_error_statements import squared_error_statements
from .statement import Statement


def section_4_statements() -> list[Statement]:
    """Check every statement and return the results in the paper's order."""
    return [*squared_error_statements(), *normaliser_statements(), *boosted_loss_statements()]
