"""P-21: what a second worker brings on the same two cores."""

from collections.abc import Callable, Iterator

from bench.figures import Bench, alternate
from bench.product import Product
from bench.rival import Rival
from bench.stage import Stage, say, until
from bench.table import Row, median
from bench.throughput import drain, no_ops, rival_rate, send_noops

#: The least that two workers do of what one does.
_LEAST = 0.9


def measure(bench: Bench) -> Iterator[Row]:
    """Measure jobs a second with one worker, then with two, each with two slots; no-op jobs."""
    count, runs = bench.size(4000, 600), bench.size(3, 1)
    with Stage() as stage:
        product, rival = Product(stage, bench.database), Rival(stage)
        product.start()
        rival.start()

        def ours() -> float:
            return drain(product, no_ops(count), ring_each=True)

        def theirs() -> float:
            return rival_rate(rival, send_noops, count)

        drain(product, no_ops(200), ring_each=True)
        one = _both(theirs, ours, runs)
        rival.spawn()
        product.spawn("worker")
        until(lambda: product.consuming() == 4, 30, "the second worker")
        _both(theirs, ours, 1)
        two = _both(theirs, ours, runs)
        rival.close()
    gains = [after / before for after, before in zip(two, one, strict=True)]
    say(f"  two to one: rival {gains[0]:.2f}, ours {gains[1]:.2f}")
    yield Row(
        "P-21",
        f"jobs/s of two workers to those of one (floor: {_LEAST} x)",
        bench.database,
        gains[1],
        "x",
        _LEAST / gains[0],
        1,
        gains[0],
        is_ratio=True,
    )


def _both(theirs: Callable[[], float], ours: Callable[[], float], runs: int) -> tuple[float, float]:
    rival, own = alternate(theirs, ours, runs)
    return median(rival), median(own)
