"""Ids sort in the order in which they were made, and are never made twice."""

import re
import uuid
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from app.domain.ids import new_id


def many(_=None):
    return [new_id() for _ in range(20_000)]


def test_ids_of_one_process_sort_as_they_were_made():
    made = many()
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_a_uuid_of_version_7():
    for made in many()[:500]:
        assert re.fullmatch("[0-9a-f]{32}", made)
        assert uuid.UUID(made).variant == uuid.RFC_4122
        assert uuid.UUID(made).version == 7


def test_processes_forked_at_one_moment_never_agree():
    new_id()
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        made = [one for some in pool.map(many, range(4)) for one in some]
    assert len(set(made)) == len(made)
