"""What is inserted without the mapper is read by it as if it had inserted it."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.ids import new_id
from app.models import Job, Tag
from app.services.database_errors import meaning
from app.services.driver.inserts import Insert

#: What means something to those who write it down: to COPY, to SQL, to Python.
STRANGE = ("a\tb", "line\nbreak\r", "back\\slash", "\\N", "\\.", "", "'\"%s %(a)s ?", "ñ 🎈", "{}")
TAGS = Insert(Tag.__table__)


def tag(name):
    return {"id": new_id(), "name": name, "color": "#123456", "created_at": now()}


@pytest.mark.usefixtures("database")
class TestInsert:
    @pytest.mark.parametrize("count", [0, 1, 2, 100])
    def test_all_rows_are_there_however_many(self, count):
        rows = [tag(f"{n} {STRANGE[n % len(STRANGE)]}") for n in range(count)]
        with transaction() as session:
            before = session.scalar(sa.select(sa.func.count(Tag.id)))
            TAGS.run(session, rows)
        with reading() as session:
            found = {t.id: t for t in session.scalars(sa.select(Tag))}
        assert len(found) == before + count
        for row in rows:
            assert {name: getattr(found[row["id"]], name) for name in row} == row

    def test_what_a_row_leaves_out_is_its_default_or_null(self):
        row: dict[str, Any] = dict.fromkeys(("project_id", "queue"), "default") | dict.fromkeys(
            ("name", "type", "timezone", "status", "created_by"), "any"
        )
        row |= {"id": new_id(), "config": "{}", "priority": 5}
        row |= {"created_at": now(), "updated_at": now()}
        with transaction() as session:
            Insert(Job.__table__).run(session, [row])
        with reading() as session:
            job = session.scalars(sa.select(Job)).one()
            assert (job.enabled, job.version, job.misfire) == (True, 1, "latest")
            assert (job.description, job.scheduled_at) == (None, None)

    @pytest.mark.parametrize("count", [1, 2, 100])
    def test_a_broken_rule_of_the_database_is_told_as_ever(self, count):
        rows = [tag("twice") for _ in range(count)]
        with pytest.raises(sa.exc.IntegrityError) as caught, transaction() as session:
            TAGS.run(session, [tag("twice"), *rows] if count == 1 else rows)
        assert str(meaning(caught.value)) == "another tag has this name"
        assert rows[0]["id"] not in str(caught.value)
        with reading() as session:
            assert session.scalar(sa.select(Tag.id).where(Tag.name == "twice")) is None
