"""Objects of every kind that belong to one person, with a mark in all their texts."""

from app.db import transaction
from app.domain.clock import now
from app.models import Execution, ExecutionLog, UsageSample, Webhook
from app.services import executions
from app.services.executions import Owner, Result
from app.services.usage import rollups
from app.services.webhooks import outbox
from app.settings import Settings
from tests.support.api import LATER

MARK = "zzmark"


def build(who, mark=MARK):
    """Make objects of every kind as ``who``; return their ids by the names they have in routes."""
    project = who.post("/api/projects", {"name": f"{mark} p", "description": mark})["data"]["id"]
    tag = who.post("/api/tags", {"name": f"{mark}-tag"})["data"]["id"]
    jobs = [_job(who, mark, tag, project_id=project), _job(who, mark, tag, project_id="default")]
    _job(who, mark, tag, project_id=project, scheduled_at=None, schedule=_DAILY)
    webhook = _webhook(who, mark, project)
    executions_ = [_run(who, job, mark, verdict) for job in jobs for verdict in _VERDICTS]
    chain = who.post(
        "/api/chains",
        {"name": f"{mark} c", "description": mark, "job_ids": jobs, "project_id": project},
    )["data"]["id"]
    run = who.post(f"/api/chains/{chain}/execute")["data"]["chain_run_id"]
    variables = [
        who.post("/api/variables", {"name": name, "value": mark, "description": mark, **scope})
        for name, scope in (
            ("of_job", {"scope": "job", "job_id": jobs[0]}),
            ("of_project", {"scope": "project", "project_id": project}),
        )
    ]
    rollups.roll_up(Settings())
    with transaction() as session:
        told = outbox.add(session, webhook, [("job.failed", f'{{"text":"{mark}"}}')])
    return {
        "job_id": jobs,
        "execution_id": executions_,
        "project_id": [project],
        "tag_id": [tag],
        "chain_id": [chain],
        "chain_run_id": [run],
        "webhook_id": [webhook],
        "delivery_id": told,
        "variable_id": [made["data"]["id"] for made in variables],
        "name": [f"{mark}-queue"],
    }


_DAILY = {"type": "cron", "expression": "30 4 * * *"}
_VERDICTS = ("completed", "failed", "dead_letter")


def _job(who, mark, tag, **over):
    body = {
        "name": f"{mark} job",
        "type": "shell",
        "description": mark,
        "config": {"script": f"echo {mark}", "env": {"X": mark}},
        "scheduled_at": LATER,
        "queue": f"{mark}-queue",
        "tag_ids": [tag],
        "overlap": "allow",
        "concurrency_key": f"{mark}-key",
        "concurrency_limit": 50,
    } | over
    body = {name: value for name, value in body.items() if value is not None}
    return who.post("/api/jobs", body)["data"]["id"]


def _webhook(who, mark, project):
    body = {
        "name": f"{mark} w",
        "url": f"https://{mark}.example/hook",
        "events": ["job.failed"],
        "project_id": project,
    }
    made = who.post("/api/webhooks", body)["data"]["id"]
    with transaction() as session:
        session.get_one(Webhook, made).disabled_reason = mark
    return made


def _run(who, job, mark, verdict):
    started = who.post(f"/api/jobs/{job}/execute", {"args": [mark]})["data"]["execution_id"]
    with transaction() as session:
        owner = Owner(f"{mark}-worker", "1.0")
        claim = executions.claim(session, owner, [f"{mark}-queue"], 1, 60, oldest=False)[0]
    assert claim.id == started
    shown = {"exit_code": 1, "error": f"{mark} broke", "error_code": "EXIT_CODE"}
    with transaction() as session:
        body = f'[["stdout",0,"{mark} line\\n"]]'
        values = {"first_number": 1, "last_number": 1, "logged_at": now(), "body": body}
        session.add(ExecutionLog(execution_id=started, **values))
        used = {"cpu_percent": 1.0, "memory_bytes": 1, "memory_percent": None}
        session.add(UsageSample(execution_id=started, sampled_at=now(), **used))
        result = Result(
            "completed" if verdict == "completed" else "failed",
            duration_ms=40,
            output_tail=f"{mark} line\n",
            **({"exit_code": 0} if verdict == "completed" else shown),
        )
        assert executions.settle(session, claim, result)
    if verdict == "dead_letter":
        _bury(started, mark)
    return started


def _bury(execution_id, mark):

    with transaction() as session:
        row = session.get_one(Execution, execution_id)
        row.status, row.fingerprint = "dead_letter", f"{mark:x<32}"[:32]
