"""Answers as objects."""

from app.client import Job, Tag

WHEN = "2030-01-01T00:00:00.000Z"
TAG = {"id": "1", "name": "x", "created_at": WHEN, "new": [1]}
JOB = {
    "id": "2",
    "name": "j",
    "type": "shell",
    "spec": {},
    "status": "scheduled",
    "priority": 5,
    "project_id": "default",
    "timezone": "UTC",
    "queue": "default",
    "on_lost": "fail",
    "overlap": "skip",
    "version": 1,
    "created_at": WHEN,
    "updated_at": WHEN,
    "tags": [TAG],
}


def test_what_this_release_does_not_know_is_kept():
    tag = Tag.read(TAG)
    assert tag.wire == TAG
    assert tag.model_extra == {"new": [1]}


def test_what_is_inside_of_other_things_is_kept_too():
    job = Job.read(JOB)
    assert job.wire == JOB
    assert job.tags[0].wire == TAG
    assert job.created_at.year == 2030
