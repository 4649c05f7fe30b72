"""The client: one object with a part for each resource."""

from typing import Self

from app.client.audit import Audit
from app.client.chains import ChainRuns, Chains
from app.client.connection import DEFAULT_URL, Connection, Key, Options
from app.client.dead_letters import DeadLetters
from app.client.executions import Executions
from app.client.jobs import Jobs
from app.client.labels import Projects, Tags
from app.client.mail import Emails, InstallationSettings
from app.client.people import Members, Roles, Users
from app.client.queues import Queues
from app.client.schedules import Schedules
from app.client.sign_in import SignIn
from app.client.system import System, Workers
from app.client.system_things import Health
from app.client.variables import Variables
from app.client.webhooks import Webhooks


class Client:
    """A server of OneOff. Close it at the end, or use it in a ``with`` block.

    ``api_key`` may also be the access token of a person, or what returns a valid one each time.
    Raises :class:`ValueError` for an address or a key that can't be one.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        api_key: Key = None,
        options: Options | None = None,
    ) -> None:
        self._connection = Connection(url, api_key, options or Options())
        self.jobs = Jobs(self._connection)
        self.executions = Executions(self._connection)
        self.audit = Audit(self._connection)
        self.dead_letters = DeadLetters(self._connection)
        self.chains = Chains(self._connection)
        self.chain_runs = ChainRuns(self._connection)
        self.schedules = Schedules(self._connection)
        self.projects = Projects(self._connection)
        self.sign_in = SignIn(self._connection)
        self.tags = Tags(self._connection)
        self.system = System(self._connection)
        self.queues = Queues(self._connection)
        self.workers = Workers(self._connection)
        self.variables = Variables(self._connection)
        self.settings = InstallationSettings(self._connection)
        self.emails = Emails(self._connection)
        self.webhooks = Webhooks(self._connection)
        self.users = Users(self._connection)
        self.roles = Roles(self._connection)
        self.members = Members(self._connection)

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._connection.url

    def health(self) -> Health:
        """Return how the product is, well or not."""
        return Health.read(self._connection.report("/health"))

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
