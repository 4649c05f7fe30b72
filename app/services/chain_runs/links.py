"""What a worker does with the message of a link: it takes the link's own execution, or lets go."""

from dataclasses import dataclass, replace

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain import chains
from app.domain import execution_state as state
from app.models import ChainRun, Execution, Job
from app.services import executions
from app.services.chain_runs import turns
from app.services.executions import Claim, Owner
from app.services.wakeups import publish_tail_after_commit

#: A link gets so much of the end of the previous one's output.
OUTPUT_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Place:
    """What a link's message says: which run, which of its links, and of which pass."""

    chain_run_id: str
    index: int
    generation: int


def take(session: Session, place: Place, owner: Owner, lease: float) -> Claim | None:
    """Take the execution of a link if it waits for this message; ``None`` if it does not.

    A row that belongs to ``owner`` already is returned as well: its claim's answer got lost.
    """
    run = _run(session, place)
    row = executions.active_link(session, place.chain_run_id)
    if run is None or row is None or run.current_index != place.index:
        return None
    if row.status in state.STARTED:
        mine = (row.worker, row.slot) == (owner.worker, owner.slot)
        found = executions.unstarted(session, owner) if mine else []
        return next((_informed(session, c) for c in found if c.id == row.id), None)
    if row.status != state.QUEUED or row.blocked_on is not None:
        return None
    if not session.scalar(sa.select(Job.enabled).where(Job.id == row.job_id)):
        turns.of_runs(session, [place.chain_run_id])
        executions.skip_link(session, row, executions.JOB_DISABLED)
        return None
    return _claimed(session, row, owner, lease)


def _run(session: Session, place: Place) -> ChainRun | None:
    run = session.get(ChainRun, place.chain_run_id, populate_existing=True)
    is_valid = run is not None and run.status == chains.RUNNING
    return run if is_valid and run is not None and run.generation == place.generation else None


def _claimed(session: Session, row: Execution, owner: Owner, lease: float) -> Claim | None:
    try:
        with session.begin_nested():
            claim = executions.claim_link(session, owner, row.id, lease)
    except IntegrityError:  # another execution of the job has just begun
        turns.of_runs(session, [row.chain_run_id or ""])
        session.refresh(row)
        executions.decide_overlap(session, row)
        return None
    return None if claim is None else _informed(session, claim)


def _informed(session: Session, claim: Claim) -> Claim:
    """Return the claim with what a link is told of the run, and of the link before it."""
    env = {"ONEOFF_CHAIN_RUN_ID": claim.chain_run_id}
    env |= {"ONEOFF_PREVIOUS_EXIT_CODE": "", "ONEOFF_PREVIOUS_OUTPUT": ""}
    previous = session.execute(
        sa.select(Execution.exit_code, Execution.output_tail)
        .where(
            Execution.chain_run_id == claim.chain_run_id,
            Execution.chain_run_id.is_not(None),
            Execution.link_index < claim.link_index,
            Execution.started_at.is_not(None),
        )
        .order_by(Execution.link_index.desc(), Execution.id.desc())
        .limit(1)
    ).first()
    if previous is not None:
        code = previous.exit_code
        env["ONEOFF_PREVIOUS_EXIT_CODE"] = "" if code is None else str(code)
        env["ONEOFF_PREVIOUS_OUTPUT"] = _passable(previous.output_tail or "")
    return replace(claim, parameters=orjson.dumps({"env": env}).decode())


def _passable(output: str) -> str:
    """Return the end of an output as a variable can hold it: no NUL, and not too long.

    As with ``$(…)`` in a shell the line ends behind the last line are left out.
    """
    end = output.replace("\0", "").rstrip("\n").encode("utf-8", "replace")[-OUTPUT_BYTES:]
    return end.decode("utf-8", "ignore")


def lock_for_end(session: Session, claim: Claim) -> None:
    """Lock what the end of a link writes: its execution, its job, and the job that comes next.

    Two runs whose links are the same jobs in another order would wait for each other else.
    """
    run = session.get(ChainRun, claim.chain_run_id, populate_existing=True)
    if run is None or claim.link_index is None:
        return
    turns.of_runs(session, [run.id])
    session.execute(sa.select(Execution.id).where(Execution.id == claim.id).with_for_update())
    links = orjson.loads(run.links)[claim.link_index - 1 : claim.link_index + 1]
    ids = {claim.job_id, *(link["job_id"] for link in links)}
    turns.lock_rivals(session, ids)
    jobs = sa.select(Job.id).where(Job.id.in_(ids)).order_by(Job.id)
    session.execute(jobs.with_for_update())


def finish(session: Session, place: Place) -> bool:
    """Return whether Celery shall publish the link behind this one, which has been settled.

    If another link comes next, the tail from there is published after the commit.
    """
    if is_next(session, place):
        return True
    row = executions.active_link(session, place.chain_run_id)
    if row is not None and row.status == state.QUEUED and row.blocked_on is None:
        publish_tail_after_commit(session, place.chain_run_id)
    return False


def is_next(session: Session, place: Place) -> bool:
    """Return whether the link behind this one waits for its message, as one of the same pass."""
    run = _run(session, place)
    if run is None or run.current_index != place.index + 1:
        return False
    row = executions.active_link(session, place.chain_run_id)
    return row is not None and row.status == state.QUEUED and row.blocked_on is None
