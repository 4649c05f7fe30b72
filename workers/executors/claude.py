"""Gives prompts to Claude's command line: one argument each, and never through a shell."""

import os
import shutil
from dataclasses import replace

from app.domain.rules import Rules
from app.domain.specs.claude import ClaudeSpec
from workers.executors.base import Context, Options, Outcome
from workers.executors.claude_logs import LogFiles
from workers.executors.ending import outcome_of
from workers.executors.process import Command, ProcessHost
from workers.executors.refusal import Refusal
from workers.executors.surroundings import check, enter, environment, inherited


class ClaudeExecutor:
    """Performs :class:`ClaudeSpec` for one slot."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._inherited = inherited(options.shell_env_allow)
        self._host = ProcessHost()

    def perform(self, spec: ClaudeSpec, context: Context) -> Outcome:
        """Run Claude and say how it ended; what can't start is an outcome as well."""
        try:
            command = self._command(spec, context)
            with LogFiles(self._options, context) as output:
                context = replace(context.within(spec.timeout), output=output)
                ending = self._host.run(command, context)
        except Refusal as refusal:
            return refusal.outcome()
        except OSError as error:
            text = f"Execution error: {error.strerror or error}"
            return Outcome("failed", error=text, error_code="EXECUTION_ERROR")
        return outcome_of(ending, "Claude")

    def close(self) -> None:
        """End the helper process."""
        self._host.close()

    def _command(self, spec: ClaudeSpec, context: Context) -> Command:
        """Return what to start. Raises :class:`Refusal`."""
        refusal = spec.refusal(Rules(programs=self._options.programs))
        if refusal is not None:  # the rules may be new since the job was saved
            raise Refusal("OPTION_NOT_ALLOWED", f"Not allowed: {refusal[0]}: {refusal[1]}")
        check(context.parameters)
        if context.parameters.args:
            raise Refusal("INVALID_PARAMETERS", "A claude job takes no args; its prompt is fixed")
        env = environment(self._inherited, spec.env, context=context)
        return Command(
            argv=[self._program(), *arguments(spec)],
            env=env,
            cwd=enter(spec.cwd, env),
            body=context.parameters.body,
        )

    def _program(self) -> str:
        """Find the program by the worker's PATH; that of a job has no say in it."""
        name = os.path.expanduser(self._options.claude_command)  # noqa: PTH111 - maybe no path
        found = shutil.which(name, path=self._inherited["PATH"])
        if found is None:
            text = f"There is no program {name} on the worker's PATH; CLAUDE_COMMAND can name it"
            raise Refusal("CLAUDE_MISSING", text)
        return os.path.abspath(found)  # noqa: PTH100 - links stay as they are


def arguments(spec: ClaudeSpec) -> list[str]:
    """Return what follows the program's name; the prompt is the last of them, in one piece."""
    options = ["--dangerously-skip-permissions"] if spec.skip_permissions else []
    if spec.model is not None:
        options += ["--model", spec.model]
    if spec.max_turns is not None:
        options += ["--max-turns", str(spec.max_turns)]
    if spec.allowed_tools:
        options += ["--allowedTools", *spec.allowed_tools]
    # After two dashes nothing is an option, whatever it begins with.
    end_of_options = ["--"] if spec.prompt.startswith("-") else []
    return [*options, "--verbose", "-p", *end_of_options, spec.prompt]
