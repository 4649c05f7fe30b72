"""Chains for tests, and a worker's part in them without a worker."""

from app.db import transaction
from app.domain.clock import now
from app.domain.ids import new_id
from app.models import Chain, ChainLink, ChainRun
from app.services import chain_runs, executions
from app.services.chain_runs import Place
from app.services.executions import Owner, Result
from app.services.wakeups import carrying
from tests.support.rows import make_job

WORKER = Owner("worker-1", "1.0")
LEASE = 60.0


def make_chain(session, jobs, links=(), **over):
    """Insert a chain of jobs; ``links`` are columns of the first ones."""
    values = {
        "id": new_id(),
        "name": "a chain",
        "project_id": "default",
        "last_number": 0,
        "created_at": now(),
        "updated_at": now(),
    }
    chain = Chain(**values | over)
    session.add(chain)
    session.flush()
    columns = [*links, *({} for _ in jobs[len(links) :])]
    for order, (job, more) in enumerate(zip(jobs, columns, strict=True), 1):
        link = {"stop_on_failure": True, "run_if": "success"} | more
        session.add(
            ChainLink(
                id=new_id(),
                chain_id=chain.id,
                sequence_order=order,
                job_id=job.id,
                created_at=now(),
                **link,
            )
        )
    session.flush()
    return chain


def start_chain(*links, jobs=None, **over):
    """Make a chain of as many new jobs as ``links`` has columns, and start it; return both ids."""
    with transaction() as session:
        made = jobs or [make_job(session, name=f"job {n}") for n in range(1, len(links) + 1)]
        chain = make_chain(session, made, links, **over)
        return chain.id, chain_runs.start(session, chain, "manual", "ann")["id"]


def state_of(run_id):
    """Return a run as it goes on the wire."""
    with transaction() as session:
        return chain_runs.detail(session, chain_runs.get(session, run_id))


def place_of(run_id, index=None):
    """Return what the message of a run's present link says."""
    with transaction() as session:
        run = session.get_one(ChainRun, run_id)
        return Place(run.id, index or run.current_index, run.generation)


def take(place, owner=WORKER):
    """Take a link as a worker does that got its message."""
    with transaction() as session:
        return chain_runs.take(session, place, owner, LEASE)


def settle(place, claim, verdict="completed", **over):
    """End a link as its worker does; return whether Celery is to publish the next one."""
    values = {"duration_ms": 40, "exit_code": 0 if verdict == "completed" else 1} | over
    with transaction() as session:
        chain_runs.lock_for_end(session, claim)
        with carrying(session, place.chain_run_id):
            assert executions.settle(session, claim, Result(verdict, **values))
        return chain_runs.finish(session, place)


def work_off(run_id, **verdicts):
    """Work off what is left of a run; ``link_2="failed"`` ends the second link so."""
    ran: list[int] = []
    while True:
        place = place_of(run_id)
        claim = take(place)
        if claim is None:
            return ran
        ran.append(place.index)
        settle(place, claim, verdicts.get(f"link_{place.index}", "completed"))
