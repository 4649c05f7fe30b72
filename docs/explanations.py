"""What the generated pages say about names in the code; the code itself says which there are."""

from typing import Final, NamedTuple


class Failure(NamedTuple):
    """Why an execution carries an ``error_code``, and what helps."""

    meaning: str
    remedy: str


#: Every status of an execution, in a sentence.
STATUSES: Final = {
    "scheduled": "Waits for its moment.",
    "queued": "Its moment has come; it waits for a free run slot.",
    "running": "A worker holds its lease and performs it.",
    "cancelling": "A person asked to cancel it; its worker is ending it.",
    "completed": "It ran and succeeded.",
    "failed": "It ran, or could not be run, and did not succeed; `error_code` says why.",
    "timeout": "It had its time and was ended.",
    "cancelled": "It was cancelled, before or after its start.",
    "skipped": "A rule forbade it to start; `reason` says which.",
    "dead_letter": "Three workers died while they ran it; it waits for a person.",
}

#: Every ``error_code`` of an execution.
FAILURES: Final = {
    "UNKNOWN_TYPE": Failure(
        "The worker that took it has no executor for this job type.",
        "Install the package that brings it on every machine with workers, and restart them.",
    ),
    "ARGUMENTS_TOO_LONG": Failure(
        "The arguments and the environment are larger than the system allows.",
        "Write the data to a file, or pass it as `body`: it arrives on standard input.",
    ),
    "CALLABLE_NOT_ALLOWED": Failure(
        "The callable belongs to a package that python jobs may not use.",
        "Have the operator add the package to `PYTHON_ALLOW`.",
    ),
    "CALLABLE_NOT_FOUND": Failure(
        "The worker's Python has no such module, or the module has no such callable.",
        "Check the spelling; install the package where the workers are.",
    ),
    "CALLABLE_RAISED": Failure(
        "The callable ended with an exception.",
        "Read its traceback in the output.",
    ),
    "CANCELLED": Failure("A person cancelled it.", "Nothing, unless it was a mistake: execute it."),
    "CLAUDE_MISSING": Failure(
        "The worker finds no program `claude`.",
        "Install it on every machine with workers, or name it: `CLAUDE_COMMAND`.",
    ),
    "CONFIG_INVALID": Failure(
        "The saved config does not fit its job type (any more).",
        "Edit the job; the error names the field.",
    ),
    "CONNECT_FAILED": Failure(
        "No connection to the host and port.",
        "Try the address with curl on the worker's machine; look at firewalls and the port.",
    ),
    "CONTAINER_REFUSED": Failure(
        "The Docker engine would not make or start the container; the error holds its own words.",
        "Correct what they name: a path of `volumes`, the `network`, a limit, the `command`.",
    ),
    "DNS_FAILED": Failure(
        "The host name has no address.",
        "Check the spelling and the name servers of the worker's machine.",
    ),
    "DOCKER_UNAVAILABLE": Failure(
        "No Docker engine answers on the worker's machine, or it went away meanwhile.",
        "Start it; let the worker's user reach its socket, or set `DOCKER_HOST`.",
    ),
    "EXECUTION_ERROR": Failure(
        "The system refused something while the script was prepared.",
        "Read the error; the usual causes are a full disk and the limit of open files.",
    ),
    "EXECUTOR_ERROR": Failure(
        "The executor itself broke. This is a bug of OneOff.",
        "Report it with the stack trace from the worker's log.",
    ),
    "EXIT_CODE": Failure(
        "The script, container or program ended with an exit code other than 0.",
        "Read its output; the error repeats the end of its standard error.",
    ),
    "FENCED": Failure(
        "The worker had lost its lease on the execution and ended it.",
        "Look for a machine that was suspended, overloaded or cut off from the database.",
    ),
    "HELPER_LOST": Failure(
        "The helper process that watched over the script died.",
        "Look for the kernel's out-of-memory killer: `dmesg`.",
    ),
    "HTTP_STATUS": Failure(
        "The answer's status is not one that counts as success.",
        "Read the body in the output; set `expected_status` if the status is fine.",
    ),
    "IMAGE_NOT_FOUND": Failure(
        "There is no such image: not in its registry, or not here and `pull` is `never`.",
        "Check its name and tag; with `pull: never` load it on the worker's machine.",
    ),
    "IMAGE_PULL_DENIED": Failure(
        "The registry does not give out the image: it is private, or not there.",
        "Check its name; `docker login` as the worker's user, on the worker's machine.",
    ),
    "IMAGE_PULL_FAILED": Failure(
        "The image could not be fetched from its registry.",
        "Read the error; try `docker pull` on the worker's machine.",
    ),
    "INTERPRETER_NOT_EXECUTABLE": Failure(
        "The interpreter of the script can't be executed.",
        "Check the rights of the file that the `#!` line names.",
    ),
    "INTERPRETER_NOT_FOUND": Failure(
        "The interpreter that the `#!` line names is not on the worker's machine.",
        "Install it there, or correct the first line (Windows line endings break it, too).",
    ),
    "INVALID_PARAMETERS": Failure(
        "The `env` or `args` of this start can't be given to a process.",
        "Use plain variable names, and no NUL character in values.",
    ),
    "KILLED_BY_SIGNAL": Failure(
        "A signal from outside ended the script.",
        "SIGKILL (exit code 137) is mostly the kernel short of memory: `dmesg`.",
    ),
    "OPTION_NOT_ALLOWED": Failure(
        "The job asks for something that no job may have here: of the host, or of Claude.",
        "Leave it out, or have the operator allow it: `DOCKER_ALLOW`, "
        "`CLAUDE_ALLOW_SKIP_PERMISSIONS`.",
    ),
    "OUT_OF_MEMORY": Failure(
        "A process of the container was ended because it needed more memory than its limit.",
        "Raise `memory`, or make the work smaller.",
    ),
    "POISON": Failure(
        "Three workers died while they ran it, so it is not tried again.",
        "Find out what kills them (often memory) before you execute the job again.",
    ),
    "PROTOCOL_ERROR": Failure(
        "The other side did not speak proper HTTP, or hung up.",
        "Check that the port speaks HTTP, and `https` where TLS is spoken.",
    ),
    "REDIRECT_REFUSED": Failure(
        "The answer led to an address that is not followed.",
        "Call the final address directly.",
    ),
    "RESULT_NOT_JSON": Failure(
        "The callable returned what can't be written as JSON, or more than 64 KiB of it.",
        "Return texts, numbers, lists and dicts; write the rest to a file.",
    ),
    "RUN_AS_NOT_PERMITTED": Failure(
        "`run_as` needs a worker that runs as root.",
        "Leave `run_as` out, or run a worker as root for such jobs.",
    ),
    "SCRIPT_NOT_FOUND": Failure(
        "There is no file at the script's path on the worker's machine.",
        "Copy the script to every machine that runs workers; check `workdir`.",
    ),
    "SCRIPT_NOT_READABLE": Failure(
        "The worker's user may not read the script file.",
        "Give it the right to: `chmod`, `chown`.",
    ),
    "START_FAILED": Failure(
        "The system could not start the command.",
        "Read the error; the usual causes are the limits of processes and of memory.",
    ),
    "TARGET_NOT_ALLOWED": Failure(
        "The rules for outgoing requests forbid the address.",
        "If the job may go there, name the network in `OUTBOUND_ALLOW`.",
    ),
    "TIMEOUT": Failure(
        "It took longer than its timeout.",
        "Make it faster, or raise `timeout_seconds`.",
    ),
    "TLS_ERROR": Failure(
        "No TLS connection; mostly the certificate is not trusted or has expired.",
        "Renew the certificate, or install its authority on the worker's machine.",
    ),
    "TOO_MANY_REDIRECTS": Failure(
        "The answers led from address to address too often.",
        "Look for a loop, or raise `max_redirects` (5 at most).",
    ),
    "UNKNOWN_USER": Failure(
        "The user in `run_as` does not exist on the worker's machine.",
        "Create the user there, or correct the name.",
    ),
    "URL_NOT_ALLOWED": Failure(
        "The address is none that a request can be sent to.",
        "Edit the job's `url`.",
    ),
    "VARIABLE_MISSING": Failure(
        "The config names a variable that there is not for this job, its project, or all jobs.",
        "Make it (`oneoff variables set NAME`), correct the name, or write `$${NAME}`.",
    ),
    "VARIABLE_UNREADABLE": Failure(
        "A sensitive variable can't be decrypted by the worker: it has another encryption key.",
        "Give all processes the same `ENCRYPTION_KEY`, or set the variable anew.",
    ),
    "WORKER_LOST": Failure(
        "The worker died while it ran. With `on_lost: retry` another attempt follows.",
        "Check whether the work was done; if a second run does no harm, set `on_lost: retry`.",
    ),
    "WORKER_SHUTDOWN": Failure(
        "The worker was stopped, and the work did not end in its grace.",
        "Execute the job again; raise `SHUTDOWN_GRACE_SECONDS` if this happens often.",
    ),
    "WORKING_DIR_MISSING": Failure(
        "The working directory is not there, or can't be entered.",
        "Create it on the worker's machine, or correct `workdir`.",
    ),
}

#: The exit codes of the command ``oneoff``.
EXIT_CODES: Final = {
    0: "Done.",
    1: "Refused or failed; the last line says why.",
    2: "The command line or the configuration is not usable.",
    3: "The product does not run, or can't be reached.",
    130: "Ended by Ctrl-C.",
}
