"""Jobs that wait: the spec, which the API checks configs by, and where the executor is."""

from typing import ClassVar

from pydantic import Field

from app.domain.specs.base import Spec
from app.domain.specs.plugins import Plugin


class WaitSpec(Spec):
    """Wait, then succeed."""

    kind: ClassVar[str] = "wait"
    title: ClassVar[str] = "Wait"
    description: ClassVar[str] = "Waits for some seconds, then succeeds."

    seconds: float = Field(title="Seconds", description="How long to wait.", ge=0, le=86_400)


plugin = Plugin(spec=WaitSpec, executor="oneoff_wait.executor:WaitExecutor")
