"""What is ordered from the engine for an attempt, in the words of its API."""

from typing import Any

from app.domain.specs.docker import DockerSpec
from app.domain.specs.docker_fields import Mount, bytes_of
from workers.executors.base import Context
from workers.executors.surroundings import facts

#: Labels by which the containers of an installation are found again.
INSTALLATION = "oneoff.installation"
EXECUTION = "oneoff.execution"
EPOCH = "oneoff.epoch"
JOB = "oneoff.job"
#: Set on a container that stays if it ends by itself.
KEPT = "oneoff.kept"


def name_of(context: Context) -> str:
    """Return the name of the container; no other attempt has the same."""
    return f"oneoff-{context.execution_id}-{context.epoch}"


def order(spec: DockerSpec, context: Context, installation_id: str) -> dict[str, Any]:
    """Return the body of the request that makes the container."""
    given = context.parameters
    env = {**spec.env, **given.env, **facts(context)}
    has_body = bool(given.body)
    wanted: dict[str, Any] = {
        "Image": spec.image,
        "Env": [f"{name}={value}" for name, value in env.items()],
        "Labels": _labels(spec, context, installation_id),
        "AttachStdin": has_body,
        "OpenStdin": has_body,
        "StdinOnce": has_body,
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": _host_config(spec),
    }
    command = spec.command if given.args is None else list(given.args)
    own = {
        "Cmd": command,
        "Entrypoint": spec.entrypoint,
        "WorkingDir": spec.workdir,
        "User": spec.user,
    }
    return wanted | {name: value for name, value in own.items() if value}


def _labels(spec: DockerSpec, context: Context, installation_id: str) -> dict[str, str]:
    labels = {
        INSTALLATION: installation_id,
        EXECUTION: context.execution_id,
        EPOCH: str(context.epoch),
        JOB: context.job_id,
    }
    return labels if spec.auto_remove else labels | {KEPT: "true"}


def _host_config(spec: DockerSpec) -> dict[str, Any]:
    limits = {
        "NanoCpus": round(spec.cpus * 1_000_000_000) if spec.cpus else None,
        "PidsLimit": spec.pids_limit,
        "ShmSize": bytes_of(spec.shm_size) if spec.shm_size else None,
    }
    if spec.memory:  # and no swap: it would only put off the end
        limits["Memory"] = limits["MemorySwap"] = bytes_of(spec.memory)
    return {
        "Init": True,
        "NetworkMode": spec.network,
        "ReadonlyRootfs": spec.read_only,
        "CapDrop": spec.cap_drop,
        "CapAdd": spec.cap_add,
        "SecurityOpt": ["no-new-privileges"],
        "Mounts": [_mounted(mount) for mount in spec.mounts()],
        "Tmpfs": spec.tmpfs,
        "LogConfig": _log_config(spec),
        **{name: value for name, value in limits.items() if value is not None},
    }


def _mounted(mount: Mount) -> dict[str, Any]:
    return {
        "Type": "bind" if mount.is_bind else "volume",
        "Source": mount.source,
        "Target": mount.target,
        "ReadOnly": mount.is_read_only,
    }


def _log_config(spec: DockerSpec) -> dict[str, Any]:
    """The output comes to us; the engine keeps some of it only for those who look later."""
    if spec.auto_remove:
        return {"Type": "none"}
    return {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "1"}}
