"""Sees to it that the image of a container is there."""

import threading
from typing import TYPE_CHECKING

from app.domain.specs.docker import DockerSpec
from workers.executors.base import Context
from workers.executors.refusal import Refusal
from workers.executors.watch import Watch

if TYPE_CHECKING:
    from workers.executors.docker_engine import Engine


def provide(engine: "Engine", spec: DockerSpec, context: Context) -> None:
    """Pull the image if the job wants that. Raises :class:`Refusal` or :class:`Interrupted`."""
    if spec.pull != "always" and engine.has_image(spec.image):
        return
    if spec.pull == "never":
        text = f"The image {spec.image} is not on the worker's machine, and pull is never"
        raise Refusal("IMAGE_NOT_FOUND", text)
    context.output.write("system", f"Pulling the image {spec.image}\n".encode())
    pull = _Pull(engine, spec.image)
    try:
        Watch(context.deadline, context.stop).wait_for_event(pull.done, float("inf"))
    finally:
        pull.give_up.set()
    if pull.error is not None:
        raise pull.error


class _Pull:
    """A pull in a thread of its own: it may hang for as long as its registry does.

    Given up, it ends with the next news from the engine (or when that has been silent for some
    minutes), and so does the engine's part of it.
    """

    def __init__(self, engine: "Engine", image: str) -> None:
        self.done, self.give_up = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        threading.Thread(target=self._work, args=(engine, image), daemon=True).start()

    def _work(self, engine: "Engine", image: str) -> None:
        try:
            for _ in engine.pull(image):
                if self.give_up.is_set():
                    break
        except BaseException as error:
            self.error = error
        finally:
            self.done.set()
