"""The product in the background: started, stopped, and asked how it is."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import click
import psutil

from app.cli import asking, folder_lock
from app.cli import serve as serving
from app.cli.options import REFUSED, usable_folder
from app.cli.supervisor import KILL_AFTER_SECONDS, fork
from app.gateways import log_files
from app.settings import Settings

#: A start that takes longer is left alone, but not waited for.
START_SECONDS = 120.0
_LINES_SHOWN = 15
_POLL_SECONDS = 0.1


def start(settings: Settings) -> None:
    """Start the product in the background and wait until it answers."""
    folder = usable_folder(settings)
    if folder_lock.is_held(folder):
        number = folder_lock.number_in(folder)
        by = f"with the process number {number}" if number else "or is being restored"
        raise click.ClickException(f"OneOff runs already {by}; its folder is {folder}")
    log = settings.log_file
    before = log.stat().st_size if log.exists() else 0
    pid = fork(lambda: _become_product(settings), "serve", bound=False)
    _await_answer(settings, pid, before)
    click.echo(f"OneOff answers at {asking.address(settings)}")
    click.echo(f"process number {pid}, log file {log}")


def _become_product(settings: Settings) -> None:
    # What the caller has open, such as the lock of a script, is none of ours.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    log_files.use(settings.log_file)
    try:
        raise SystemExit(serving.serve(settings))
    except click.ClickException as refusal:
        refusal.show()
        raise SystemExit(refusal.exit_code) from None


def _await_answer(settings: Settings, pid: int, before: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not serving.answers(settings):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            why = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
            _give_up(settings, before, f"OneOff did not start ({why})")
        if time.monotonic() > deadline:
            text = f"OneOff does not answer after {START_SECONDS:.0f} s; it goes on trying"
            _give_up(settings, before, f"{text} as process number {pid}")
        time.sleep(_POLL_SECONDS)


def _give_up(settings: Settings, before: int, text: str) -> None:
    click.echo(f"{text}. The end of {settings.log_file}:", err=True)
    with contextlib.suppress(OSError), settings.log_file.open("rb") as log:
        log.seek(before if before <= os.fstat(log.fileno()).st_size else 0)
        for line in log.read().decode(errors="replace").splitlines()[-_LINES_SHOWN:]:
            click.echo(f"  {line}", err=True)
    sys.exit(REFUSED)


def stop(settings: Settings, seconds: float | None) -> bool:
    """Stop the product and all it has started; return whether it was running.

    It gets ``seconds`` (grace of the jobs and a little); then all that is left is killed.
    """
    folder = settings.folder
    if not folder_lock.is_held(folder):
        return False
    family = folder_lock.family(folder)
    _ask_to_stop(folder, family)
    grace = settings.shutdown_grace_seconds
    limit = grace + KILL_AFTER_SECONDS if seconds is None else seconds
    click.echo(f"stopping OneOff; running jobs get up to {min(grace, limit):g} s")
    began = time.monotonic()
    if _has_ended(folder, family, limit):
        click.echo(f"stopped after {time.monotonic() - began:.1f} s")
        return True
    killed = _kill(folder, family)
    click.echo(f"it did not end within {limit:g} s: killed {killed} processes", err=True)
    return True


def _ask_to_stop(folder: Path, family: set[psutil.Process]) -> None:
    """Send SIGTERM to the main process; without one, to all it has left behind."""
    if folder_lock.number_in(folder) is None:
        raise click.ClickException(
            f"{folder} is in use by another command of OneOff; it ends by itself"
        )
    main = folder_lock.main_process(folder)
    try:
        for process in [main] if main else family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
    except psutil.AccessDenied:
        family = set()
    if not family and folder_lock.is_held(folder):
        raise click.ClickException("OneOff runs as another user; stop it as that user, or as root")


def _has_ended(folder: Path, family: set[psutil.Process], seconds: float) -> bool:
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if not folder_lock.is_held(folder) and not any(map(folder_lock.lives, family)):
            _show_waiting("")
            return True
        _show_waiting(f"waiting, {time.monotonic() - began:.0f} s")
        time.sleep(_POLL_SECONDS)
    _show_waiting("")
    return False


def _show_waiting(text: str) -> None:
    if sys.stdout.isatty():
        click.echo(f"\r\033[K{text}", nl=False)
        sys.stdout.flush()


def _kill(folder: Path, family: set[psutil.Process]) -> int:
    """Kill all that is left. First all are halted, so that none can start another meanwhile."""
    halted: set[psutil.Process] = set()
    while found := (folder_lock.family(folder) | folder_lock.with_descendants(family)) - halted:
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.suspend()
        halted |= found
    for process in halted:
        with contextlib.suppress(psutil.Error):
            process.kill()
    deadline = time.monotonic() + KILL_AFTER_SECONDS
    while any(map(folder_lock.lives, halted)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return len(halted)
