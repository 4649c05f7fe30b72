"""What a command finds around it: its user and its variables."""

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass

from workers.executors.base import Context, Parameters
from workers.executors.helper import Identity
from workers.executors.refusal import Refusal

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: And all of LC_*.
_INHERITED = frozenset(
    ("PATH", "HOME", "LANG", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR", "TERM"),
)
#: They open our own database and broker: no script gets them from us, whatever is allowed.
_NEVER = frozenset(
    name + end for name in ("DATABASE_URL", "REDIS_URL", "BROKER_URL") for end in ("", "_FILE")
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine to run as."""

    name: str
    home: str
    shell: str
    identity: Identity

    def environment(self) -> dict[str, str]:
        """Return the variables that say who one is."""
        return {
            "HOME": self.home,
            "USER": self.name,
            "LOGNAME": self.name,
            "SHELL": self.shell or "/bin/sh",
        }


def account_to_run_as(name: str) -> Account:
    """Return the account of this name, if we may change to it. Raises :class:`Refusal`."""
    if os.geteuid() != 0:
        text = f"Running as the user {name} needs a worker that runs as root"
        raise Refusal("RUN_AS_NOT_PERMITTED", text)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Refusal("UNKNOWN_USER", f"There is no user {name} on this machine") from None
    groups = os.getgrouplist(name, entry.pw_gid)
    identity = (entry.pw_uid, entry.pw_gid, groups)
    return Account(name, entry.pw_dir, entry.pw_shell, identity)


def inherited(allow: tuple[str, ...]) -> dict[str, str]:
    """Return the worker's variables that a script gets; ``*`` allows all but our own secrets."""
    environ = os.environ  # noqa: TID251 - the script's surroundings, no setting of ours
    wanted = {
        name: value
        for name, value in environ.items()
        if ("*" in allow or name in _INHERITED or name in allow or name.startswith("LC_"))
        and name not in _NEVER
    }
    wanted.setdefault("PATH", _PATH)
    return wanted


def check(parameters: Parameters) -> None:
    """Refuse what can't be given to a process. Raises :class:`Refusal`."""
    for name in parameters.env:
        if not _NAME.fullmatch(name):
            raise Refusal("INVALID_PARAMETERS", f"{name!r} can't be the name of a variable")
    for text in (*parameters.env.values(), *(parameters.args or ())):
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            why = "Arguments and variables can't hold NUL or half a surrogate pair"
            raise Refusal("INVALID_PARAMETERS", why)


def facts(context: Context) -> dict[str, str]:
    """Return the variables that tell a script which attempt it is."""
    return {
        "TRACEPARENT": context.traceparent,
        "ONEOFF_IDEMPOTENCY_KEY": context.root_execution_id,
        "ONEOFF_EXECUTION_ID": context.execution_id,
        "ONEOFF_JOB_ID": context.job_id,
        "ONEOFF_JOB_NAME": context.job_name,
        "ONEOFF_ATTEMPT": str(context.attempt),
    }


def environment(*layers: Mapping[str, str], context: Context) -> dict[str, str]:
    """Return the variables of a command. Later ones win: the layers, this run's, our own."""
    made: dict[str, str] = {}
    for layer in (*layers, context.parameters.env, facts(context)):
        made |= layer
    return made


def home_of(env: Mapping[str, str]) -> str:
    """Return the home directory where it exists, else ``/``."""
    home = env.get("HOME", "")
    if not home:
        try:
            home = pwd.getpwuid(os.geteuid()).pw_dir
        except KeyError:  # a container may run as a number without a name
            home = "/"
    return home if os.path.isdir(home) else "/"  # noqa: PTH112 - a string all along


def expand(text: str, env: Mapping[str, str]) -> str:
    """Expand ``~`` and the variables of ``env``; an unknown name stays as it is written."""
    if text == "~" or text.startswith("~/"):
        text = home_of(env) + text[1:]
    return _VARIABLE.sub(lambda found: env.get(found[1] or found[2], found[0]), text)


def enter(workdir: str | None, env: Mapping[str, str]) -> str:
    """Return the directory to start in. Raises :class:`Refusal` if it is not there."""
    home = home_of(env)
    if workdir is None:
        return home
    path = os.path.join(home, expand(workdir, env))  # noqa: PTH118 - a string all along
    if not os.path.isdir(path):  # noqa: PTH112
        what = "is not a directory" if os.path.exists(path) else "does not exist"  # noqa: PTH110
        raise Refusal("WORKING_DIR_MISSING", f"The working directory {path} {what}")
    return path
