"""Variables through the client."""

import pytest

from app.client import Client, Conflict, NotFound

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_a_variable_lives_from_create_to_delete(api_url):
    with Client(api_url) as client:
        variables = client.variables
        job = client.jobs.create(name="j", type="shell", config={"script": "true"}, immediate=True)
        made = variables.create("TOKEN", "s3cret", is_sensitive=True, description="d")
        assert (made.value, made.scope, made.version) == ("***", "global", 1)
        own = variables.create("TOKEN", "plain", job_id=job.id)
        assert [v.id for v in variables.walk(search="tok")] == sorted([made.id, own.id])
        assert [v.id for v in variables.list(scope="job")] == [own.id]
        of_job = variables.of_job(job.id)
        assert [(v.id, v.overridden) for v in of_job] == [(own.id, False), (made.id, True)]
        assert variables.update(own.id, value="new").value == "new"
        assert variables.get(own.id).version == 2
        with pytest.raises(Conflict, match="of this name in this scope"):
            variables.create("TOKEN", "again")
        variables.delete(own.id)
        with pytest.raises(NotFound, match="Variable not found"):
            variables.get(own.id)
