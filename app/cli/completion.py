"""The script that teaches a shell to complete the command line."""

import click
from click.shell_completion import get_completion_class

from app.cli.commands import Command


@click.command(
    cls=Command,
    epilog="""\b
    bash   eval "$(oneoff completion bash)"      in ~/.bashrc
    zsh    eval "$(oneoff completion zsh)"       in ~/.zshrc
    fish   oneoff completion fish | source       in ~/.config/fish/config.fish""",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands and options."""
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click knows these three
    root = context.find_root().command
    click.echo(found(root, {}, "oneoff", "_ONEOFF_COMPLETE").source())
