"""The config of a docker job: an image, and how its container is made."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from app.domain.containers import ContainerRules
from app.domain.rules import Rules
from app.domain.specs.base import Spec
from app.domain.specs.docker_fields import (
    Capabilities,
    Image,
    Memory,
    Mount,
    Network,
    Size,
    Tmpfs,
    User,
    Variables,
    Volumes,
    Workdir,
)
from app.domain.specs.fields import Arguments, Timeout


class DockerSpec(Spec):
    """Runs a container; the job is done when its main process ends."""

    kind: ClassVar[str] = "docker"
    title: ClassVar[str] = "Docker container"
    description: ClassVar[str] = "Runs an image on the Docker engine of the worker's machine."
    public: ClassVar[frozenset[str]] = frozenset(
        {
            "image",
            "workdir",
            "user",
            "timeout",
            "auto_remove",
            "pull",
            "network",
            "memory",
            "cpus",
            "pids_limit",
            "shm_size",
            "read_only",
            "cap_drop",
            "cap_add",
        }
    )

    untouched: ClassVar[frozenset[str]] = frozenset({"command", "entrypoint"})

    image: Image = Field(
        title="Image",
        description="The image to run; without a tag or digest it is the one tagged latest.",
        max_length=512,
        examples=["alpine:3.20", "registry.example.com/team/tool:1.2"],
    )
    command: Arguments = Field(
        default_factory=list,
        title="Command",
        description="Program and arguments, exactly as written; the image's own when empty.",
        examples=[["sh", "-c", "echo hello"]],
    )
    entrypoint: Arguments = Field(
        default_factory=list,
        title="Entrypoint",
        description="What runs the command; the image's own when empty.",
    )
    env: Variables = Field(
        default_factory=dict,
        title="Environment",
        description="Variables for the container, over those of the image.",
    )
    volumes: Volumes = Field(
        default_factory=dict,
        title="Volumes",
        description=(
            "Absolute paths on the engine's host, or names of volumes, each with its path in the "
            "container; :ro at the end forbids writing."
        ),
        examples=[{"/srv/reports": "/data:ro", "cache": "/cache"}],
    )
    tmpfs: Tmpfs = Field(
        default_factory=dict,
        title="Folders in memory",
        description="Paths in the container with mount options, which may be empty.",
        examples=[{"/run": "size=64m"}],
    )
    workdir: Workdir = Field(
        default=None,
        title="Working directory",
        description="Absolute path in the container; the image's own when empty.",
    )
    user: User = Field(
        default=None,
        title="User",
        description="User or user:group, by name or number; the image's own when empty.",
        max_length=256,
    )
    timeout: Timeout = None
    auto_remove: bool = Field(
        default=True,
        title="Remove the container",
        description="When off, a container that ended by itself is kept, to be looked into.",
    )
    pull: Literal["missing", "always", "never"] = Field(
        default="missing",
        title="Pull the image",
        description="When to fetch it from its registry: if it is missing, always, or never.",
    )
    network: Network = Field(
        default="bridge",
        title="Network",
        description="bridge, none, or the name of a network; host only if the operator allows it.",
        max_length=256,
    )
    memory: Memory = Field(
        default=None,
        title="Memory",
        description="The most it may use, in bytes or as 256m or 2g; no limit when empty.",
        examples=["256m"],
    )
    cpus: Annotated[float, Field(ge=0.01, le=4096, allow_inf_nan=False)] | None = Field(
        default=None,
        title="Processors",
        description="How many it may keep busy, such as 1.5; no limit when empty.",
    )
    pids_limit: Annotated[int, Field(ge=1, le=4_194_304)] | None = Field(
        default=None,
        title="Processes at most",
        description="Threads count as well; no limit when empty.",
    )
    shm_size: Size = Field(
        default=None,
        title="Shared memory",
        description="Size of /dev/shm, in bytes or as 64m; the engine's own (64m) when empty.",
    )
    read_only: bool = Field(
        default=False,
        title="Read-only",
        description="Forbid writing outside of volumes and folders in memory.",
    )
    cap_drop: Capabilities = Field(
        default_factory=list,
        title="Capabilities to drop",
        description="Such as NET_RAW; ALL drops every one.",
    )
    cap_add: Capabilities = Field(
        default_factory=list,
        title="Capabilities to add",
        description="Only those that the operator allows.",
    )

    def mounts(self) -> list[Mount]:
        """Return what the volumes say, taken apart."""
        parts = [(source, *text.partition(":")) for source, text in self.volumes.items()]
        return [Mount(source, target, mode == "ro") for source, target, _, mode in parts]

    def refusal(self, rules: Rules) -> tuple[str, str] | None:
        """Return the field and the sentence if a container must not have what it asks for."""
        return self.forbidden(rules.containers)

    def forbidden(self, rules: ContainerRules) -> tuple[str, str] | None:
        """Return what of this the rules for containers forbid, and why."""
        if self.network == "host" and not rules.allows("network:host"):
            return "network", "the host's network needs DOCKER_ALLOW=network:host"
        for name in self.cap_add:
            if not rules.allows(f"cap:{name}"):
                return "cap_add", f"the capability {name} needs DOCKER_ALLOW=cap:{name}"
        for mount in self.mounts():
            sentence = rules.bind_refusal(mount.source) if mount.is_bind else None
            if sentence is not None:
                return "volumes", sentence
        return None
