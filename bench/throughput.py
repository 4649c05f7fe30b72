"""Jobs per second with every row kept: P-1, P-2, P-14."""

from collections.abc import Callable, Iterator

from app.gateways import broker
from bench import fill, rival_app
from bench.figures import Bench, alternate
from bench.fill import Load
from bench.product import Product
from bench.rival import Rival
from bench.stage import Stage, say, until
from bench.table import Row, median

SCRIPT = '{"script": "echo hi"}'
_LONGEST = 300.0


def measure(bench: Bench) -> Iterator[Row]:
    """Measure the figures that are wanted, on one database."""
    with Stage() as stage:
        product, rival = Product(stage, bench.database), Rival(stage)
        product.start()
        rival.start()
        both = _Both(bench, product, rival)
        drain(product, Load(200), ring_each=False)
        if bench.wants("P-1"):
            yield both.row("P-1", "no-op, one ring a job", Load(0), (0.75, 1.0), ring_each=True)
        if bench.wants("P-2"):
            retry, fail = Load(0, on_lost="retry"), Load(0)
            yield both.row("P-2", "no-op, drained, on_lost: retry", retry, (2, 5))
            yield both.row("P-2", "no-op, drained, on_lost: fail", fail, (0.75, 1.0))
        if bench.wants("P-14"):
            shell = Load(0, "shell", SCRIPT)
            yield both.row("P-14", "shell job `echo hi`", shell, (0.75, 0.9))


class _Both:
    """The product and its rival, warm, on one stage."""

    def __init__(self, bench: Bench, product: Product, rival: Rival) -> None:
        self.bench, self.product, self.rival = bench, product, rival

    def row(
        self,
        figure: str,
        what: str,
        load: Load,
        limits: tuple[float, float],
        *,
        ring_each: bool = False,
    ) -> Row:
        """Measure one kind of job."""
        is_shell = load.kind == "shell"
        count = self.bench.size(1500 if is_shell else 4000, 300 if is_shell else 600)
        load = Load(count, load.kind, load.config, on_lost=load.on_lost)
        task = _send_shells if is_shell else send_noops
        theirs, ours = alternate(
            lambda: rival_rate(self.rival, task, count),
            lambda: drain(self.product, load, ring_each=ring_each),
            self.bench.size(3, 1),
        )
        floor, goal = limits
        return Row(
            figure,
            what,
            self.bench.database,
            median(ours),
            "/s",
            floor,
            goal,
            median(theirs),
            is_ratio=True,
        )


def no_ops(count: int) -> Load:
    """Return so many jobs that do nothing."""
    return Load(count)


def drain(product: Product, load: Load, *, ring_each: bool) -> float:
    """Queue all jobs while the worker is halted; return how many a second it then works off.

    The time ends when the last row is settled and no ring is left.
    """
    product.pause()
    rings = fill.insert(load)
    broker.ring(rings if ring_each else rings[:2], {})
    began = product.resume()
    until(lambda: not broker.depth("default"), _LONGEST, "the rings are taken")
    until(lambda: not fill.unfinished(), _LONGEST, "all jobs end")
    until(lambda: not broker.depth("default"), _LONGEST, "the rings are taken")
    rings_gone = fill.wall_clock()
    wrong = {name: n for name, n in fill.outcomes().items() if name != "completed"}
    assert not wrong, wrong
    settled = fill.last_end()
    end = max(settled, rings_gone - 0.02) if ring_each else settled
    rate = load.count / (end - began)
    say(
        f"  ours {load.kind} {load.on_lost}: {rate:,.0f}/s"
        f" (rows alone {load.count / (settled - began):,.0f}/s)"
    )
    return rate


def rival_rate(rival: Rival, send: Callable[[int], None], count: int) -> float:
    """Send tasks while the rival is halted; return how many a second it then works off."""
    rival.pause()
    send(count)
    began = rival.resume()
    until(rival.is_idle, _LONGEST, "the rival ends")
    rate = count / (fill.wall_clock() - began)
    say(f"  rival: {rate:,.0f}/s")
    return rate


def send_noops(count: int) -> None:
    """Send the rival so many tasks that do nothing."""
    for _ in range(count):
        rival_app.noop.delay()


def _send_shells(count: int) -> None:
    for _ in range(count):
        rival_app.shell.delay("echo hi")
