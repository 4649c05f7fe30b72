"""A probe never takes longer than its limit, whatever it asks."""

import itertools
import threading
import time

from app.gateways.probes import Finding, Probe


def test_a_finding_is_kept_for_a_moment():
    numbers = itertools.count(1)
    probe = Probe(lambda: next(numbers), kept_seconds=60)
    assert [probe.ask(), probe.ask()] == [Finding(1), Finding(1)]
    probe.kept_seconds = -1
    assert probe.ask() == Finding(2)


def test_a_failure_is_told_by_its_kind_only():
    assert Probe(lambda: 1 / 0).ask() == Finding(fault="ZeroDivisionError")


def test_what_hangs_is_given_up_in_time_and_asked_only_once():
    asked, answer = [], threading.Event()

    def question():
        asked.append(1)
        return answer.wait(10)

    probe = Probe(question, limit_seconds=0.1)
    began = time.monotonic()
    assert [probe.ask() for _ in range(5)] == [Finding(fault="no answer")] * 5
    assert time.monotonic() - began < 1
    assert asked == [1]
    answer.set()
    time.sleep(0.05)
    assert probe.ask() == Finding(value=True)


def test_many_callers_share_one_question():
    asked = []

    def question():
        asked.append(1)
        time.sleep(0.1)
        return 7

    probe, found = Probe(question), []
    threads = [threading.Thread(target=lambda: found.append(probe.ask())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, asked) == ([Finding(7)] * 20, [1])
