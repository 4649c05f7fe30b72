"""The judge of a soak sees a job that is lost, doubled, unfinished, or told of differently."""

from collections import Counter
from dataclasses import replace

import pytest

from bench.soak import use
from bench.soak.judge import Mark, Seen, Views, judge
from bench.soak.use import Use


def _views():
    """Return views that agree: one job of each way to end well."""
    rows = [
        Seen("e1", "plain", "completed", 1, None),
        Seen("e2", "taken", "failed", 1, "WORKER_LOST"),
        Seen("e3", "repeated", "failed", 1, "WORKER_LOST"),
        Seen("e4", "repeated", "completed", 2, None),
        Seen("e5", "poison", "failed", 1, "WORKER_LOST"),
        Seen("e6", "poison", "failed", 2, "WORKER_LOST"),
        Seen("e7", "poison", "dead_letter", 3, "POISON"),
        Seen("e8", "unanswered", "completed", 1, None),
    ]
    ended = ("e1", "e4", "e8")
    ledger = [Mark("START", row.job, row.id) for row in rows if row.id != "e2"]
    ledger += [Mark("END", row.job, row.id) for row in rows if row.id in ended]
    jobs = [(name, "completed") for name in ("plain", "repeated", "unanswered")]
    jobs += [("taken", "failed"), ("poison", "failed")]
    return Views(
        accepted={"plain": "fail", "taken": "fail", "repeated": "retry", "poison": "retry"},
        unsure={"unanswered": "fail", "never there": "fail"},
        ledger=ledger,
        api=list(reversed(rows)),
        api_jobs=jobs,
        rows=rows,
        row_jobs=list(reversed(jobs)),
        ends=Counter(row.status for row in rows),
    )


def _with_rows(views, *rows):
    """Return the views with these rows in place of those with their ids, in API and tables."""
    new = {row.id: row for row in rows}
    kept = [new.pop(row.id, row) for row in views.rows] + list(new.values())
    return replace(views, rows=kept, api=kept, ends=Counter(row.status for row in kept))


def test_views_that_agree_are_clean():
    verdict = judge(_views())
    assert list(verdict.lines()) == []
    assert verdict.is_clean


def test_an_accepted_job_without_an_execution_is_lost():
    verdict = judge(replace(_views(), accepted={**_views().accepted, "gone": "fail"}))
    assert len(verdict.lost) == 1
    assert "gone" in verdict.lost[0]
    assert not verdict.is_clean


@pytest.mark.parametrize("code", ["CONFIG_INVALID", "EXECUTOR_ERROR", None])
def test_a_job_that_ended_otherwise_than_promised_is_lost(code):
    verdict = judge(_with_rows(_views(), Seen("e2", "taken", "failed", 1, code)))
    assert ["taken" in line for line in verdict.lost] == [True]


def test_a_job_that_waits_is_lost_and_unfinished():
    verdict = judge(_with_rows(_views(), Seen("e2", "taken", "queued", 1, None)))
    assert len(verdict.lost) == len(verdict.unfinished) == 1


def test_a_job_that_claims_to_have_run_is_lost_if_the_ledger_knows_nothing():
    views = _views()
    verdict = judge(replace(views, ledger=[m for m in views.ledger if m.job != "plain"]))
    assert ["plain" in line for line in verdict.lost] == [True]
    assert ["plain" in line for line in verdict.disagreements] == [True]


@pytest.mark.parametrize("what", ["START", "END"])
def test_an_attempt_that_ran_twice_is_doubled(what):
    views = _views()
    verdict = judge(replace(views, ledger=[*views.ledger, Mark(what, "plain", "e1")]))
    assert len(verdict.doubled) == 1
    assert "e1" in verdict.doubled[0]


def test_a_job_that_may_not_be_repeated_and_was_is_doubled():
    views = _with_rows(_views(), Seen("e9", "taken", "completed", 2, None))
    marks = [Mark(what, "taken", "e9") for what in ("START", "END")]
    verdict = judge(replace(views, ledger=[*views.ledger, *marks]))
    assert ["taken" in line for line in verdict.doubled] == [True]


def test_a_repetition_that_no_death_explains_is_doubled():
    verdict = judge(_with_rows(_views(), Seen("e3", "repeated", "completed", 1, None)))
    assert ["repeated" in line for line in verdict.doubled] == [True]


def test_a_job_that_should_be_repeated_and_was_not_is_lost():
    views = _views()
    rows = [row for row in views.rows if row.id != "e4"]
    verdict = judge(replace(views, rows=rows, api=rows))
    assert any("not repeated" in line for line in verdict.lost)


@pytest.mark.parametrize(
    "change",
    [
        {"api": [Seen("e1", "plain", "failed", 1, None), *_views().rows[1:]]},
        {"api": _views().rows[1:]},
        {"api": [*_views().rows, _views().rows[0]]},
        {"api_jobs": _views().api_jobs[1:]},
        {"row_jobs": [*_views().row_jobs, ("stranger", "completed")]},
        {"ends": {**_views().ends, "completed": 2}},
        {"ends": {**_views().ends, "timeout": 1}},
        {"ledger": [*_views().ledger, Mark("START", "plain", "e77")]},
        {"ledger": [*_views().ledger[1:], Mark("START", "taken", "e1")]},
    ],
)
def test_views_that_differ_are_told(change):
    assert judge(replace(_views(), **change)).disagreements


def test_growth_is_told_beyond_a_fifth():
    first = {"api": Use(200, 100), "beat": Use(20, 10)}
    assert list(use.growth(first, {"api": Use(239, 119), "beat": Use(51, 25)})) == []
    grown = list(use.growth(first, {"api": Use(241, 121), "beat": Use(53, 10)}))
    assert [line.split()[0] for line in grown] == ["api", "api", "beat"]
