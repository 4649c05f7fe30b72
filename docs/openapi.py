"""Print the API document, from which the types of the page are made.

python docs/openapi.py > frontend/openapi.json
"""

import json
import sys

from flask import current_app

from app.factory import create_app
from app.settings import load


def document() -> dict[str, object]:
    """Return the API document as a server with authentication gives it."""
    app = create_app(load({"auth_enabled": True}, {"DATA_DIR": "/nonexistent"}))
    with app.test_request_context():
        found: dict[str, object] = current_app.test_client().get("/api/openapi.json").get_json()
    return found


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")
