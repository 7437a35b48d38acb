"""Mutation: the sources with one small mistake each; the tests have to notice every one that changes what is done."""

from __future__ import annotations

from typing import Final

from evidence.claims import Claim

__all__ = ["CLAIMS"]

CLAIMS: Final[tuple[Claim, ...]] = ()
