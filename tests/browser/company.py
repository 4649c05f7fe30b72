"""A bookshop's jobs, chains and all the rest: something to be seen on every page."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.end_to_end.product import Product, until


class Work(NamedTuple):
    """A job: when it runs, how long, and how often in a hundred runs it fails."""

    name: str
    cron: str
    project: str
    tags: tuple[str, ...]
    script: str
    seconds: float
    failures: int = 0
    priority: int = 5
    description: str = ""


ZONE = "Europe/Berlin"
PROJECTS = {
    "Bookkeeping": ("#22c55e", "Invoices, taxes and what the bank says"),
    "Shop": ("#3b82f6", "All that customers see"),
    "Platform": ("#a855f7", "Machines, backups and certificates"),
}
TAGS = {"money": "#f59e0b", "customers": "#3b82f6", "night": "#64748b"}
WORKS = (
    Work(
        "nightly-backup",
        "0 2 * * *",
        "Platform",
        ("night",),
        "echo 41 GB in 218 files",
        412,
        2,
        8,
        "The database and the files of the shop, to the other building.",
    ),
    Work(
        "invoice-export",
        "30 6 * * MON-FRI",
        "Bookkeeping",
        ("money",),
        "echo reading invoices; echo '214 rows do not match' >&2; exit 2",
        38,
        12,
        7,
        "Yesterday's invoices for the tax adviser.",
    ),
    Work("stock-sync", "*/15 * * * *", "Shop", (), "echo 1,932 titles; echo all match", 11, 3),
    Work("payment-reconcile", "5 * * * *", "Bookkeeping", ("money",), "echo ok", 24, 1, 9),
    Work("newsletter", "0 9 * * TUE", "Shop", ("customers",), "echo 8,412 sent", 640, 0, 4),
    Work("search-reindex", "0 4 * * *", "Shop", ("night",), "echo 61,204 documents", 188, 4),
    Work("price-feed", "*/30 * * * *", "Shop", ("customers",), "echo feed written", 6, 6),
    Work("tls-expiry-check", "0 7 * * *", "Platform", (), "echo 61 days left", 2),
    Work("log-rotation", "0 0 * * *", "Platform", ("night",), "echo 14 files", 4, 0, 3),
    Work("late-order-reminder", "0 10 * * MON-FRI", "Shop", ("customers",), "echo 17", 9, 5),
)
#: The steps of the chain: name and script.
STEPS = (
    ("till-freeze", "echo tills are closed"),
    ("bank-statement-import", "echo 1,204 lines"),
    ("till-count", "echo 'the till of Hanoi is 12.40 short' >&2; exit 2"),
    ("treasury-report", "echo sent"),
)
VARIABLES = (
    {"name": "SHOP_URL", "value": "https://shop.example.com", "description": "What jobs call"},
    {"name": "BANK_TOKEN", "value": "not-to-be-read", "is_sensitive": True},
    {"name": "REPORT_LANGUAGE", "value": "vi"},
)


class Company:
    """Makes it all through the API and knows the ids, by kind and name."""

    def __init__(self, product: Product, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        self.product, self.headers = product, headers
        self.ids: dict[str, dict[str, str]] = {}

    def settle(self, webhook_url: str = "https://chat.invalid/hooks/shop") -> None:
        """Make everything, and let some of it run."""
        self._make_order()
        for work in WORKS:
            self._make_job(work)
        self._make_chain()
        self.make("webhooks", {"name": "team-chat", "url": webhook_url, "events": "job.failed"})
        for variable in VARIABLES:
            self.make("variables", dict(variable))
        self._bury("crm-contact-sync", "echo 'HTTP 422: phone is not E.164' >&2; exit 22")
        self.by_hand("thumbnail-render", "i=0; while :; do i=$((i+1)); echo $i; sleep .5; done")
        self.start("thumbnail-render")
        for name in ("nightly-backup", "stock-sync", "invoice-export"):
            self.start(name)
        until(lambda: self.newest("nightly-backup").get("completed_at"), 30, "it has run")
        until(lambda: self.newest("invoice-export").get("completed_at"), 30, "it has run")

    def make(self, kind: str, body: dict[str, Any]) -> str:
        """Create one of a kind; return its id."""
        made: dict[str, Any] = self.ask("POST", f"/api/{kind}", body)["data"]
        self.ids.setdefault(kind, {})[str(body["name"])] = str(made["id"])
        return str(made["id"])

    def by_hand(self, name: str, script: str, **more: Any) -> str:
        """Make a job that runs when it is told to."""
        # Its processes are found by this variable when the product is put away.
        env = {"DATA_DIR": self.product.environ["DATA_DIR"]}
        config = {"script": script, "env": env}
        body = {"name": name, "type": "shell", "config": config, "schedule": {"type": "manual"}}
        return self.make("jobs", body | more)

    def start(self, job: str) -> None:
        """Start a job now."""
        self.ask("POST", f"/api/jobs/{self.ids['jobs'][job]}/execute")

    def newest(self, job: str) -> dict[str, Any]:
        """Return the newest execution of a job that has begun."""
        rows = self.ask("GET", f"/api/executions?job_id={self.ids['jobs'][job]}")["data"]
        found: dict[str, Any] = rows[0] if rows else {}
        return found

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that must go well; return the answer."""
        status, answer = self.product.ask(method, path, body, headers=self.headers)
        assert status < 300, (method, path, answer)
        return answer

    def _make_order(self) -> None:
        for name, (color, description) in PROJECTS.items():
            self.make("projects", {"name": name, "color": color, "description": description})
        for name, color in TAGS.items():
            self.make("tags", {"name": name, "color": color})

    def _make_job(self, work: Work) -> None:
        schedule = {"type": "cron", "expression": work.cron, "timezone": ZONE}
        more = {
            "schedule": schedule,
            "priority": work.priority,
            "description": work.description or None,
            "project_id": self.ids["projects"][work.project],
            "tag_ids": [self.ids["tags"][tag] for tag in work.tags],
        }
        self.by_hand(work.name, work.script, **more)

    def _make_chain(self) -> None:
        steps = [self.by_hand(name, script) for name, script in STEPS]
        links = [{"job_id": step} for step in steps]
        schedule = {"type": "cron", "expression": "0 21 * * *", "timezone": ZONE}
        made = {"name": "Close the day", "links": links, "schedule": schedule}
        chain = self.make("chains", made)
        self.ask("POST", f"/api/chains/{chain}/execute")

    def _bury(self, name: str, script: str) -> None:
        """Make a job that fails, and one dead letter of it."""
        retry = {"max_retries": 1, "base_seconds": 0.1, "jitter": 0}
        job = self.by_hand(name, script, retry=retry, overlap="allow")
        for _ in range(3):
            self.ask("POST", f"/api/jobs/{job}/execute")
        rows = f"/api/executions?job_id={job}&status=dead_letter"
        until(lambda: self.ask("GET", rows)["total"] == 3, 30, "dead letters")
