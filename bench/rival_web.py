"""The rival of POST /api/jobs as its user would write it: Flask, SQLAlchemy and one INSERT.

python -m bench.rival_web: served as the product is, on the same database, in a table of its own.
"""

import logging
import os
import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, jsonify, request

from app import connections, settings
from app.cli.api_server import Server
from app.settings import Settings

TABLE = sa.text(
    "CREATE TABLE IF NOT EXISTS rival_jobs (id varchar(32) PRIMARY KEY, name text NOT NULL,"
    " type varchar(32) NOT NULL, config text NOT NULL, priority int NOT NULL,"
    " scheduled_at varchar(32) NOT NULL, status varchar(16) NOT NULL, created_at varchar(32))"
)
INDEX = sa.text("CREATE INDEX IF NOT EXISTS rival_due ON rival_jobs (status, scheduled_at)")
_INSERT = sa.text(
    "INSERT INTO rival_jobs (id, name, type, config, priority, scheduled_at, status, created_at)"
    " VALUES (:id, :name, :type, :config, :priority, :scheduled_at, 'queued', :created_at)"
)


def make_app(url: str) -> Flask:
    """Return an application with one route."""
    app = Flask("rival")
    engine = connections.open_engine(url)

    @app.get("/")
    def hello() -> str:
        return "hello"

    @app.post("/jobs")
    def create() -> tuple[Response, int]:
        row = _row(request.get_json())
        if row is None:
            return jsonify({"error": "name, type and config are required"}), 400
        with engine.begin() as connection:
            connection.execute(_INSERT, row)
        return jsonify({"data": row}), 201

    return app


def _row(given: Any) -> dict[str, Any] | None:
    if not isinstance(given, dict) or not all(given.get(n) for n in ("name", "type", "config")):
        return None
    moment = datetime.now(UTC).isoformat()
    return {
        "id": uuid.uuid4().hex,
        "name": str(given["name"]),
        "type": str(given["type"]),
        "config": str(given["config"]),
        "priority": int(given.get("priority", 5)),
        "scheduled_at": moment,
        "created_at": moment,
    }


class RivalServer(Server):
    """The product's own HTTP server around the rival's application."""

    def load(self) -> Flask:
        """Return the application; called in the serving process."""
        return make_app(self.settings.database)


def main() -> None:
    """Serve until told to stop."""
    logging.disable(logging.INFO)
    given: Settings = settings.load({}, os.environ)
    engine = connections.open_engine(given.database)
    with engine.begin() as connection:
        connection.execute(TABLE)
        connection.execute(INDEX)
    engine.dispose()
    RivalServer(given).run()


if __name__ == "__main__":
    main()
