"""Migrations go up and down on both databases, and lead to what the models say."""

import threading
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app import bootstrap, connections, db
from app.models import Base
from migrations import apply

pytestmark = pytest.mark.usefixtures("real_broker")

#: Kept by SQL of their own, outside the models.
_ELSEWHERE = ("job_search", "ix_executions_claim", "ix_jobs_name_trigrams")


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    """An engine on a migrated database."""
    yield db.engine()
    if apply.current(db.engine()) != apply.newest():
        apply.upgrade(db.engine())


def test_the_files_names_say_which_migrations_there_are_and_their_order() -> None:
    scripts = list(ScriptDirectory.from_config(apply._config(None)).walk_revisions())
    assert [script.revision for script in scripts] == sorted(apply.known(), reverse=True)
    assert scripts[0].is_head
    assert scripts[0].revision == apply.newest()


def test_the_models_are_what_the_migrations_make(engine: sa.Engine) -> None:
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        is_ours = partial(belongs_to, engine.dialect.name)
        context = MigrationContext.configure(connection, opts={"include_object": is_ours})
        differences = compare_metadata(context, Base.metadata)
    found = [d for d in differences if not any(name in repr(d) for name in _ELSEWHERE)]
    assert found == []


def belongs_to(dialect: str, item: Any, *_: object) -> bool:
    """Return whether a part of the models is meant for a database: some indexes are for one."""
    condition = getattr(item, "_ddl_if", None)
    return condition is None or condition.dialect == dialect


def go_down(engine: sa.Engine) -> None:
    """Take every migration back, one after the other."""
    for _ in apply.known():
        apply.downgrade(engine)
    assert apply.current(engine) is None


def test_the_way_down_leaves_nothing_and_the_way_up_works_again(engine: sa.Engine) -> None:
    go_down(engine)
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    apply.upgrade(engine)
    assert apply.current(engine) == apply.newest()


def test_two_migrators_at_once_do_no_harm(engine: sa.Engine) -> None:
    go_down(engine)
    errors: list[BaseException] = []

    def migrate() -> None:
        try:
            apply.upgrade(engine)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert apply.current(engine) == apply.newest()


def test_a_database_of_a_newer_release_is_refused(engine: sa.Engine) -> None:
    assert bootstrap.schema_problem(engine) == ""
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'f000'"))
        connection.execute(sa.text("UPDATE installation SET oldest_release = '99.0.0'"))
    try:
        assert "newer release" in bootstrap.schema_problem(engine)
    finally:
        with engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE alembic_version SET version_num = :v"), {"v": apply.newest()}
            )
            connection.execute(sa.text("UPDATE installation SET oldest_release = '0.1.0'"))


def test_a_database_without_schema_is_named_with_the_command_that_helps(tmp_path: Path) -> None:
    empty = connections.open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    assert "oneoff migrate" in bootstrap.schema_problem(empty)
    empty.dispose()
