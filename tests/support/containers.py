"""The image as pytest-celery sees it: containers of a role, of its broker and of its database."""

from typing import Any

from celery import Celery
from pytest_celery import (
    CeleryTestContainer,
    CeleryTestSetup,
    CeleryWorkerContainer,
    RedisContainer,
)
from pytest_docker_tools.wrappers import Container

from app.gateways import broker

POSTGRES_ENV = {
    "POSTGRES_USER": "oneoff",
    "POSTGRES_DB": "oneoff",
    "POSTGRES_PASSWORD": "pg0123456789",
}


class _Published(CeleryTestContainer):
    """A container whose ports are published on this machine.

    The plug-in guesses from a file whether it runs in a container itself; it needs no guess.
    """

    def get_addr(self, port: str) -> tuple[str, int]:
        """Return where one of its ports is reached from here."""
        return "127.0.0.1", self.ports[port][0]


class RedisServer(_Published, RedisContainer):
    """The broker."""


class PostgresqlServer(_Published):
    """The database."""

    def ready(self) -> bool:
        """Return whether it takes connections, asked as docker-compose.yml does."""
        ask = ["pg_isready", "--host", "127.0.0.1", "--username", "oneoff", "--dbname", "oneoff"]
        return bool(super().ready()) and self.exec_run(ask).exit_code == 0

    @property
    def url(self) -> str:
        """Its address for other containers."""
        return self._address(self.attrs["Config"]["Hostname"])

    @property
    def host_url(self) -> str:
        """Its address for this process."""
        return self._address("{}:{}".format(*self.get_addr("5432/tcp")))

    def _address(self, place: str) -> str:
        return f"postgresql://oneoff:{POSTGRES_ENV['POSTGRES_PASSWORD']}@{place}/oneoff"


class OneOffContainer(CeleryWorkerContainer):
    """A container of our image. Of the plug-in's own image only the name of a variable is left."""

    role = "worker"

    @classmethod
    def command(cls, *args: str, **_: Any) -> list[str]:
        """Return the words behind the image's entry point."""
        return [cls.role, *args]

    @classmethod
    def initial_env(
        cls, celery_worker_cluster_config: dict[str, Any], initial: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Return its settings: the broker as the plug-in found it, and what else is given."""
        urls = celery_worker_cluster_config["celery_broker_cluster_config"]["urls"]
        return {"BROKER_URL": urls[0], **(initial or {})}

    @classmethod
    def worker_name(cls) -> str:
        """Return the part of its nodes' names before the ``@``."""
        return "oneoff"

    def ready(self) -> bool:
        """Return whether it is at work, asked as docker-compose.yml does."""
        if not Container.ready(self):
            return False
        return bool(self.exec_run(["oneoff", "health", self.role]).exit_code == 0)

    def exit_code(self, seconds: float) -> int:
        """Wait for its end and return the exit code."""
        return int(self._container.wait(timeout=seconds)["StatusCode"])


class BeatContainer(OneOffContainer):
    """The clock."""

    role = "beat"


class OneOffSetup(CeleryTestSetup):
    """The test's Celery application is one as our own processes have it."""

    @classmethod
    def create_setup_app(
        cls, celery_setup_config: dict[str, Any], celery_setup_app_name: str
    ) -> Celery:
        """Return an application on the broker that this process is configured for."""
        app = broker.make_app(celery_setup_app_name)
        assert app.conf.broker_url == celery_setup_config["broker_url"]
        return app

    def teardown(self) -> None:
        """Close the application's connections."""
        self.app.close()
