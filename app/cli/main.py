"""The commands that are the product, or work on its own files."""

import sys

import click

from app import bootstrap, db
from app.cli import backup_commands, daemon_commands, roles
from app.cli import serve as serving
from app.cli.apikeys import apikey
from app.cli.databases import leave_row
from app.cli.flower import flower
from app.cli.options import REFUSED, usable_folder, with_settings
from app.cli.root import cli
from app.cli.secrets import secrets
from app.cli.supervisor import Role, Supervisor
from app.cli.users import user
from app.domain.specs import FOUND
from app.gateways.broker import RESERVED
from app.services import encryption
from app.settings import SECRETS, Settings
from migrations import apply


@cli.command()
@with_settings
def serve(settings: Settings) -> None:
    """Run the whole product in the foreground: broker, API, workers and beat."""
    sys.exit(serving.serve(settings))


@cli.command(name="run")
@with_settings
def run_product(settings: Settings) -> None:
    """Run the whole product in the foreground (the same as serve)."""
    sys.exit(serving.serve(settings))


@cli.command()
@with_settings
def api(settings: Settings) -> None:
    """Run only the API."""
    usable_folder(settings)
    roles.refuse_wrong_key(settings)
    roles.api(settings).run()


@cli.command()
@with_settings
def beat(settings: Settings) -> None:
    """Run only the clock. Several may run; one leads."""
    usable_folder(settings)
    roles.refuse_wrong_key(settings)
    roles.beat(settings).run()


@cli.command()
@click.option("--queues", help="Serve only these lanes, comma-separated, the first one first.")
@click.option("--concurrency", type=click.IntRange(1, 512), help="Run slots.  [WORKERS_COUNT]")
@click.option(
    "--pool",
    type=click.Choice(["prefork", "threads"]),
    default="prefork",
    show_default=True,
    help="Processes, or threads for jobs that only wait.",
)
@with_settings
def worker(settings: Settings, queues: str | None, concurrency: int | None, pool: str) -> None:
    """Run workers. Without --queues: all run queues, the dispatcher and the auxiliary lanes."""
    usable_folder(settings)
    bootstrap.start_logging("worker", settings)
    roles.refuse_wrong_key(settings)
    if queues is None:
        roles.preload(settings)
        sys.exit(Supervisor(_three_pools(settings, concurrency, pool)).run())
    _named_pool(settings, queues, concurrency, pool).run()


def _three_pools(settings: Settings, concurrency: int | None, pool: str) -> list[Role]:
    return [
        roles.run_pool(settings, (), concurrency, pool),
        roles.dispatcher(settings),
        roles.auxiliary(settings),
    ]


def _named_pool(settings: Settings, queues: str, concurrency: int | None, pool: str) -> Role:
    names = tuple(part.strip() for part in queues.split(",") if part.strip())
    reserved = set(names) & set(RESERVED)
    if not names or (reserved and reserved != set(names)):
        raise click.UsageError(
            f"--queues {queues!r}: name run queues, or lanes of the product "
            f"({', '.join(RESERVED)}), but not both"
        )
    if names == ("dispatch",):
        return roles.dispatcher(settings)
    if reserved:
        return roles.auxiliary(settings)
    return roles.run_pool(settings, names, concurrency or settings.slots, pool)


@cli.command()
@click.option(
    "--direction", type=click.Choice(["up", "down", "status"]), default="up", show_default=True
)
@with_settings
def migrate(settings: Settings, direction: str) -> None:
    """Bring the database to this release's schema, one step back, or say where it is."""
    usable_folder(settings)
    bootstrap.start_logging("migrate", settings)
    if direction == "up":
        serving.migrate(settings)
    db.configure(settings.database)
    if direction == "down":
        if apply.current(db.engine()) is None:
            raise click.ClickException("there is no migration to undo")
        leave_row("cli.migrate", before=apply.current(db.engine()), direction="down")
        apply.downgrade(db.engine())
    current, newest = apply.current(db.engine()), apply.newest()
    click.echo(f"schema: {current or 'none'} (this release: {newest})")
    if direction == "status" and current != newest:
        sys.exit(REFUSED)


@cli.group(invoke_without_command=True)
@click.pass_context
def config(context: click.Context) -> None:
    """Show the settings of this start; ``config check`` only says whether they are usable."""
    if context.invoked_subcommand is None:
        context.invoke(config_show)


@config.command(name="show")
@with_settings
def config_show(settings: Settings) -> None:
    """Show every setting with its value; passwords are masked."""
    for name, info in Settings.model_fields.items():
        if name != "given":
            click.echo(f"{name.upper()}={_masked(name, getattr(settings, name))}")
            if info.description:
                click.echo(f"    # {info.description}")


@config.command(name="check")
@with_settings
def config_check(settings: Settings) -> None:
    """Say whether the settings are usable and the database can be reached."""
    usable_folder(settings)
    db.configure(settings.database)
    problem = bootstrap.schema_problem(db.engine())
    if "can't be reached" in problem:
        raise click.ClickException(problem)
    if not problem:
        with db.reading() as session:
            if refusal := encryption.refusal(session, settings):
                raise click.ClickException(refusal)
    if FOUND.faults:
        raise click.ClickException("a plugin can't be used: " + "; ".join(FOUND.faults))
    click.echo("The settings are usable." + (f" Note: {problem}" if problem else ""))


def _masked(name: str, value: object) -> str:
    """Return a value as it may be shown: addresses without their password, secrets not at all."""
    if name in SECRETS and value:
        return serving.masked(str(value)) if name.endswith("_url") else "***"
    if isinstance(value, tuple):
        return ",".join("=".join(part) if isinstance(part, tuple) else str(part) for part in value)
    return str(value)


_OWN = (apikey, user, flower, secrets)
for _command in (*_OWN, *daemon_commands.COMMANDS, *backup_commands.COMMANDS):
    cli.add_command(_command)
