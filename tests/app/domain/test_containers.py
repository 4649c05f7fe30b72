"""What containers may have of their host."""

import pytest

from app.domain.containers import ContainerRules, parse_allowed, plain_path

OWN = ContainerRules(own=("/home/me/.oneoff",), sockets=("/run/user/1000/docker.sock",))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/./",
        "/var",
        "/run",
        "/var/run",
        "/run/docker.sock",
        "/var/run/docker.sock",
        "//var//run/./docker.sock",
        "/run/user",
        "/run/user/1000",
        "/run/user/1000/docker.sock",
        "/run/containerd/containerd.sock",
    ],
)
def test_the_sockets_of_engines_are_never_given(path):
    everything = ContainerRules(("bind:/",), OWN.own, OWN.sockets)
    for rules in (OWN, everything):
        assert "socket" in (rules.bind_refusal(path) or "")


@pytest.mark.parametrize(
    "path", ["/home", "/home/me", "/home/me/.oneoff", "/home/me/.oneoff/oneoff.db"]
)
def test_our_own_files_are_never_given(path):
    everything = ContainerRules(("bind:/",), OWN.own)
    assert "this product" in (everything.bind_refusal(path) or "")


@pytest.mark.parametrize(
    "path",
    ["/etc", "/etc/", "/etc/ssl/certs", "/proc/1", "/sys", "/dev/sda", "/root", "/var/lib"],
)
def test_the_system_of_the_host_is_not_given_unless_that_is_allowed(path):
    assert "DOCKER_ALLOW" in (OWN.bind_refusal(path) or "")
    folder = plain_path(path)
    assert ContainerRules((f"bind:{folder}",)).bind_refusal(path) is None
    assert ContainerRules((f"bind:{folder}x",)).bind_refusal(path) is not None


def test_what_is_allowed_ends_at_its_folder():
    rules = ContainerRules(("bind:/etc/ssl",))
    assert rules.bind_refusal("/etc/ssl/certs") is None
    assert rules.bind_refusal("/etc/ssl/../shadow") is not None
    assert rules.bind_refusal("/etc") is not None


@pytest.mark.parametrize(
    "path", ["/srv", "/home/other", "/home/me/.oneoff2", "/opt/data", "/etcetera", "/var/lib/mysql"]
)
def test_other_folders_are_given(path):
    assert OWN.bind_refusal(path) is None


def test_a_list_of_what_is_allowed_is_read():
    read = parse_allowed(" network:host,cap:NET_ADMIN , bind:/etc//ssl/ ,")
    assert read == ("network:host", "cap:NET_ADMIN", "bind:/etc/ssl")


@pytest.mark.parametrize(
    "entry", ["privileged", "network:bridge", "cap:", "cap:net_admin", "bind:etc", "host"]
)
def test_what_can_not_be_allowed_is_named(entry):
    with pytest.raises(ValueError, match="network:host, cap:NAME"):
        parse_allowed(f"network:host,{entry}")
