"""Variables: named values that configs of jobs refer to, as people see and change them."""

from app.services.variables.definitions import create, delete, get, update
from app.services.variables.hints import hints
from app.services.variables.views import Filters, of_job, page, wire

__all__ = ["Filters", "create", "delete", "get", "hints", "of_job", "page", "update", "wire"]
