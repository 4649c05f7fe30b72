"""Runs the test suites, each within its wall budget, and closes with one line of sums.

    python -m tests.run_suites [--coverage] [suite …]

On a laptop a test may skip what its machine lacks; in CI (CI=true) a skipped test is a failure.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
NO_TESTS = 5


@dataclass(frozen=True)
class Suite:
    """Some tests and the seconds they may take together."""

    name: str
    budget: float
    selection: tuple[str, ...]


@dataclass
class Result:
    """What came of a suite: how many tests ended how, and why the suite as a whole is refused."""

    counts: Counter[str] = field(default_factory=Counter)
    refusal: str = ""


EXECUTORS = "tests/workers/executors"
COMMANDS = "tests/app/cli"
STACK = "tests/stack"
FRONTEND = "tests/frontend"
BROWSER = "tests/browser"
ELSEWHERE = tuple(
    f"--ignore={folder}"
    for folder in ("tests/end_to_end", EXECUTORS, COMMANDS, STACK, FRONTEND, BROWSER)
)
SERVERS = "postgres or redis or docker"
SUITES = (
    Suite("unit", 420, ("tests", *ELSEWHERE, "-m", f"not ({SERVERS} or e2e)", "-n", "2")),
    Suite(
        "integration",
        900,
        ("tests", *ELSEWHERE, "-m", f"({SERVERS}) and not e2e", "-n", "2"),
    ),
    # Each of these starts processes that load the command line anew.
    Suite("command-line", 420, (COMMANDS, "-n", "2")),
    # These look at the descriptors and children of their own process: one at a time.
    Suite("executors", 240, (EXECUTORS,)),
    Suite("setup", 400, ("tests", *ELSEWHERE, "-m", "e2e")),
    # Builds the image, runs it as a worker, and beside that starts all of docker-compose.yml.
    Suite("stack", 700, (STACK, "-n", "2", "--dist", "loadfile")),
    # The tools of the page: types, style, Vitest, sizes.
    Suite("frontend", 180, (FRONTEND,)),
    # The product in a real Chromium.
    Suite("browser", 700, (BROWSER, "-n", "2", "--dist", "loadfile")),
    # These mostly wait: several at once fit on two cores.
    Suite("end-to-end", 1500, ("tests/end_to_end", "-n", "3")),
)


def run(suite: Suite, runner: list[str]) -> Result:
    """Run one suite."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = run_pytest([*runner, *suite.selection, f"--junitxml={report}"], suite.budget)
        result = Result(count(report))
    if code is None:
        result.refusal = f"took longer than its {suite.budget:.0f} s"
    elif result.counts["skipped"] and os.environ.get("CI"):
        result.refusal = f"skipped {result.counts['skipped']} tests, which CI must not"
    elif code not in {0, NO_TESTS}:
        result.refusal = f"failed (pytest ended with {code})"
    return result


def run_pytest(command: list[str], budget: float) -> int | None:
    """Run pytest and return its exit code; ``None`` if it had to be killed for taking too long."""
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True) as process:
        try:
            return process.wait(budget)
        except BaseException as problem:
            end(process)
            if isinstance(problem, subprocess.TimeoutExpired):
                return None
            raise


def end(process: subprocess.Popen[bytes]) -> None:
    """End pytest and what it started, with a moment to put things away."""
    for number, grace in ((signal.SIGINT, 10), (signal.SIGKILL, None)):
        os.killpg(process.pid, number)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue
        return


def count(report: Path) -> Counter[str]:
    """Return how many tests of a JUnit report ended how."""
    if not report.exists():
        return Counter()
    counts: Counter[str] = Counter()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        passed = int(suite.get("tests", 0)) - failed - skipped
        counts.update(passed=passed, failed=failed, skipped=skipped)
    return counts


def main(args: list[str]) -> int:
    """Run the suites asked for, all by default; return the exit code."""
    coverage = "--coverage" in args
    runner = [sys.executable, "-m", *(["coverage", "run", "-m"] if coverage else []), "pytest"]
    names = {arg for arg in args if not arg.startswith("-")}
    total: Counter[str] = Counter()
    refusals = []
    for suite in (suite for suite in SUITES if not names or suite.name in names):
        started = time.monotonic()
        print(f"\n── {suite.name}: at most {suite.budget:.0f} s", flush=True)
        result = run(suite, runner)
        total += result.counts
        refusals += [f"{suite.name} {result.refusal}"] if result.refusal else []
        print(f"── {suite.name}: {time.monotonic() - started:.1f} s", flush=True)
    if coverage and not measure():
        refusals.append("coverage is below its limit")
    for refusal in refusals:
        print(f"FAILED: {refusal}")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if refusals else 0


def measure() -> bool:
    """Print what the tests covered; return whether it is enough."""
    tool = [sys.executable, "-m", "coverage"]
    subprocess.run([*tool, "combine", "--quiet"], cwd=ROOT, check=True)
    return subprocess.run([*tool, "report"], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
