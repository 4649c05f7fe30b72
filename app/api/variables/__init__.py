"""Variables over HTTP."""

from app.api.variables.views import blp

__all__ = ["blp"]
