"""Values that change at run time are checked before they are kept."""

import pytest

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.errors import Conflict, Invalid
from app.models import SystemConfig
from app.services import installation, system
from app.settings import RUNTIME_KEYS, Settings

PLAIN = Settings()


@pytest.mark.usefixtures("database")
class TestConfig:
    def test_all_keys_are_listed_in_order_even_before_they_are_stored(self):
        with reading() as session:
            rows = system.list_config(session, PLAIN)
        assert [row["key"] for row in rows] == sorted(RUNTIME_KEYS)
        assert {row["key"]: row["value"] for row in rows}["default_timezone"] == '"UTC"'

    @pytest.mark.parametrize(
        ("key", "text", "value"),
        [
            ("workers_count", "8", 8),
            ("default_timezone", '"Europe/Berlin"', "Europe/Berlin"),
            ("log_retention_days", " 30 ", 30),
            ("default_priority", "10", 10),
        ],
    )
    def test_a_value_set_is_the_value_in_force(self, key, text, value):
        with transaction() as session:
            installation.seed_config(session, PLAIN)
        with transaction() as session:
            system.update_config(session, PLAIN, key, text)
        with reading() as session:
            assert installation.runtime_value(session, PLAIN, key) == value
            shown = {row["key"]: row for row in system.list_config(session, PLAIN)}[key]
        assert (shown["value"].strip('"'), shown["locked"]) == (str(value), False)

    def test_what_jobs_take_is_read_once_a_second_and_anew_once_it_is_changed(self):
        def defaults():
            with reading() as session:
                return system.job_defaults(session, PLAIN)

        assert defaults() == {"default_priority": 5, "default_timezone": "UTC"}
        with transaction() as session:
            session.add(SystemConfig(key="default_priority", value="7", updated_at=now()))
        assert defaults()["default_priority"] == 5
        with transaction() as session:
            system.update_config(session, PLAIN, "default_timezone", '"Asia/Tokyo"')
            assert defaults()["default_timezone"] == "UTC"
        assert defaults() == {"default_priority": 7, "default_timezone": "Asia/Tokyo"}

    def test_what_this_start_gives_is_shown_and_cant_be_changed(self):
        given = Settings(default_priority=9, given=frozenset({"default_priority"}))
        with transaction() as session:
            installation.seed_config(session, PLAIN)
        with transaction() as session, pytest.raises(Conflict, match="DEFAULT_PRIORITY"):
            system.update_config(session, given, "default_priority", "3")
        with reading() as session:
            rows = {row["key"]: row for row in system.list_config(session, given)}
        assert rows["default_priority"]["value"] == "9"
        assert rows["default_priority"]["locked"]

    @pytest.mark.parametrize(
        ("key", "text"),
        [
            ("workers_count", "513"),
            ("workers_count", "-1"),
            ("workers_count", "true"),
            ("workers_count", "1.5"),
            ("workers_count", '"4"'),
            ("workers_count", ""),
            ("workers_count", "[" * 100_000),
            ("log_retention_days", "0"),
            ("log_retention_days", "36501"),
            ("default_priority", "11"),
            ("default_priority", "null"),
            ("default_timezone", '"Mars/Olympus"'),
            ("default_timezone", '"../../etc/passwd"'),
            ("default_timezone", '"Europe"'),
            ("default_timezone", "UTC"),
            ("default_timezone", "5"),
        ],
    )
    def test_a_value_that_cant_be_is_refused(self, key, text):
        with transaction() as session, pytest.raises(Invalid) as caught:
            system.update_config(session, PLAIN, key, text)
        assert caught.value.faults[0].field == "value"

    def test_an_unknown_key_is_refused_with_the_known_ones(self):
        with transaction() as session, pytest.raises(Invalid) as caught:
            system.update_config(session, PLAIN, "database_url", '"x"')
        assert all(key in str(caught.value) for key in RUNTIME_KEYS)
