"""The config of docker jobs: what is accepted, what is refused and in which words."""

import pytest
from pydantic import ValidationError

from app.domain.containers import ContainerRules
from app.domain.rules import Rules
from app.domain.specs.docker import DockerSpec
from app.domain.specs.docker_fields import Mount, bytes_of


def spec(**config):
    return DockerSpec.model_validate({"image": "alpine"} | config)


def faults(**config):
    with pytest.raises(ValidationError) as caught:
        spec(**config)
    return [(".".join(map(str, item["loc"])), item["msg"]) for item in caught.value.errors()]


def refusal(*allowed, **config):
    return spec(**config).refusal(Rules(containers=ContainerRules(allowed)))


@pytest.mark.parametrize(
    "image",
    [
        "alpine",
        "alpine:3.20",
        "library/alpine",
        "localhost/tool",
        "localhost:5000/tool",
        "127.0.0.1:5000/a/b-c/d__e:v1.2_3",
        "registry.example.com/team/tool@sha256:" + "0a" * 32,
        "registry.example.com/team/tool:1@sha256:" + "0a" * 32,
        "sha256:" + "0a" * 32,
    ],
)
def test_names_of_images_are_accepted(image):
    assert spec(image=image).image == image


@pytest.mark.parametrize(
    "image",
    ["", " ", "a b", "a;b", "-a", "--privileged", "a:", "A", "Example/tool", "a//b", "/a", "a:b:c",
     "a@sha256:12", "http://a/b", "a\n", "a" * 600, "../a", "$(id)"],
)  # fmt: skip
def test_what_is_no_image_is_refused(image):
    ((field, message),) = faults(image=image)
    assert field == "image"
    assert "must be the name of an image" in message or "at most 512" in message


def test_an_image_is_required():
    with pytest.raises(ValidationError) as caught:
        DockerSpec.model_validate({})
    assert [(e["loc"], e["type"]) for e in caught.value.errors()] == [(("image",), "missing")]


def test_only_the_image_is_needed():
    plain = spec()
    assert (plain.auto_remove, plain.pull, plain.network) == (True, "missing", "bridge")
    assert plain.limit_seconds() is None


def test_empty_is_as_if_absent():
    empty = spec(
        command=None, env=None, volumes=None, workdir="", timeout=0, user="", memory="", shm_size=""
    )
    assert empty == spec()


def test_variables_may_have_dots():
    env = {"discovery.type": "single-node", "A_1": ""}
    assert spec(env=env).env == env


def test_volumes_are_taken_apart():
    volumes = {"/srv/in": "/in:ro", "/srv/out": "/out:rw", "cache": "/cache"}
    assert spec(volumes=volumes).mounts() == [
        Mount("/srv/in", "/in", is_read_only=True),
        Mount("/srv/out", "/out", is_read_only=False),
        Mount("cache", "/cache", is_read_only=False),
    ]
    assert [mount.is_bind for mount in spec(volumes=volumes).mounts()] == [True, True, False]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("relative/path", "/data"),
        ("~/data", "/data"),
        ("", "/data"),
        ("-v", "/data"),
        ("/srv/../etc", "/data"),
        ("/srv:/x", "/data"),
        ("/srv", "data"),
        ("/srv", "/"),
        ("/srv", "//./"),
        ("/srv", "/data:z"),
        ("/srv", "/data:ro,z"),
        ("/srv", "/a/../.."),
        ("/srv\0", "/data"),
    ],
)
def test_what_is_no_volume_is_refused(source, target):
    ((field, message),) = faults(volumes={source: target})
    assert field.startswith("volumes.")
    assert "must" in message


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"workdir": "relative"}, "workdir"),
        ({"user": "a b"}, "user"),
        ({"user": "-x"}, "user"),
        ({"network": "container:abc"}, "network"),
        ({"network": "-x"}, "network"),
        ({"memory": "1m"}, "memory"),
        ({"memory": "much"}, "memory"),
        ({"memory": True}, "memory"),
        ({"shm_size": "1 m"}, "shm_size"),
        ({"cpus": 0}, "cpus"),
        ({"pids_limit": 0}, "pids_limit"),
        ({"tmpfs": {"/": ""}}, "tmpfs./.[key]"),
        ({"tmpfs": {"/t": "size=1m;x"}}, "tmpfs./t"),
        ({"cap_drop": ["net raw"]}, "cap_drop.0"),
        ({"env": {"A=B": "x"}}, "env.A=B.[key]"),
        ({"command": "echo hello"}, "command"),
        ({"pull": "sometimes"}, "pull"),
        ({"timeout": -1}, "timeout"),
    ],
)
def test_a_bad_value_is_refused_at_its_field(config, field):
    ((found, _),) = faults(**config)
    assert found == field


@pytest.mark.parametrize(
    "name", ["privileged", "devices", "pid_mode", "ipc_mode", "userns_mode", "security_opt"]
)
def test_what_no_job_may_have_is_no_field(name):
    ((field, message),) = faults(**{name: "host"})
    assert (field, message) == (name, "Extra inputs are not permitted")


@pytest.mark.parametrize(
    ("size", "count"),
    [("7", 7), ("7b", 7), ("64k", 65536), ("6M", 6 * 1024**2), ("2g", 2 * 1024**3)],
)
def test_sizes_have_units(size, count):
    assert bytes_of(size) == count


def test_memory_may_be_a_number():
    assert spec(memory=268435456).memory == "268435456"


def test_capabilities_are_written_in_one_way():
    assert spec(cap_drop=["cap_net_raw", "all"]).cap_drop == ["NET_RAW", "ALL"]


@pytest.mark.parametrize(
    ("config", "field", "entry"),
    [
        ({"network": "host"}, "network", "network:host"),
        ({"cap_add": ["net_admin"]}, "cap_add", "cap:NET_ADMIN"),
        ({"cap_add": ["ALL"]}, "cap_add", "cap:ALL"),
        ({"volumes": {"/etc/ssl": "/ssl:ro"}}, "volumes", "bind:/etc/ssl"),
    ],
)
def test_what_reaches_into_the_host_needs_the_operator(config, field, entry):
    found = refusal(**config)
    assert found is not None
    assert found[0] == field
    assert entry in found[1]
    assert refusal(entry, **config) is None


def test_the_rest_needs_nobody():
    volumes = {"/srv/data": "/data", "etc": "/etc/x"}
    assert refusal(volumes=volumes, network="none", cap_drop=["ALL"]) is None
    assert refusal(network="team-network") is None
