"""The error of this package: one of the project's, so that every rim that tells errors to people tells this one too."""

from __future__ import annotations

from evidence.errors import GiaoLoError


class ModelError(GiaoLoError):
    """A weight file is missing, altered or unusable: what is wrong, where, and what to do."""
