"""The product's roles as one process tree, with the kind of job that does nothing.

python -m bench.roles broker worker dispatcher auxiliary beat api
"""

import os
import sys

from app import bootstrap, settings
from app.cli import roles
from app.cli.options import usable_folder
from app.cli.supervisor import Role, Supervisor
from app.settings import Settings
from bench import noop


def main(names: list[str]) -> int:
    """Run the roles named until told to stop."""
    given = settings.load({}, os.environ)
    usable_folder(given)
    bootstrap.start_logging("bench", given)
    noop.register()
    roles.preload(given)
    return Supervisor([_role(name, given) for name in names]).run()


def _role(name: str, given: Settings) -> Role:
    makers = {
        "broker": roles.broker,
        "worker": roles.run_pool,
        "dispatcher": roles.dispatcher,
        "auxiliary": roles.auxiliary,
        "beat": roles.beat,
        "api": roles.api,
    }
    return makers[name](given)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
