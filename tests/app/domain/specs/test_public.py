"""What strangers see of configs: all names, and only the values that a spec calls public."""

from typing import Any

import pytest

from app.domain.specs import OWN, Spec
from app.domain.specs.base import HIDDEN

#: A config of each kind in which everything that may be secret is.
SECRET = "s3cr3t"
CONFIGS: dict[str, dict[str, Any]] = {
    "claude": {
        "prompt": f"log in with {SECRET}",
        "env": {"TOKEN": SECRET},
        "cwd": "/srv",
    },
    "docker": {
        "image": "alpine",
        "command": ["run", SECRET],
        "entrypoint": [SECRET],
        "env": {"TOKEN": SECRET},
        "volumes": {f"/{SECRET}": "/data"},
        "tmpfs": {"/run": SECRET},
        "memory": "256m",
    },
    "http": {
        "url": f"https://someone:{SECRET}@example.com/path?token={SECRET}#{SECRET}",
        "method": "POST",
        "headers": {"Authorization": SECRET},
        "body": SECRET,
        "retry": {"attempts": 1},
    },
    "python": {
        "callable": "reports.daily:main",
        "args": [SECRET],
        "kwargs": {"token": SECRET},
        "env": {"TOKEN": SECRET},
    },
    "shell": {
        "script": f"curl -u {SECRET}",
        "args": [SECRET],
        "env": {"TOKEN": SECRET},
        "workdir": "/srv",
    },
}


@pytest.mark.parametrize("kind", sorted(OWN))
def test_every_spec_hides_what_may_be_secret_and_keeps_the_names(kind):
    config = CONFIGS[kind]
    shown = OWN[kind].shown(config)
    assert shown.keys() == config.keys()
    assert SECRET not in str(shown)
    assert HIDDEN in shown.values()
    public = OWN[kind].public
    assert all(shown[name] == config[name] for name in config.keys() & public)


@pytest.mark.parametrize("kind", sorted(OWN))
def test_what_is_public_is_a_field_and_nothing_that_holds_secrets(kind):
    spec = OWN[kind]
    spelt_otherwise = {"timeout_seconds", "retry"}
    assert spec.public | spec.public_addresses <= spec.model_fields.keys() | spelt_otherwise
    secret = {"script", "args", "env", "headers", "body", "command", "entrypoint", "prompt"}
    assert not (spec.public | spec.public_addresses) & secret


def test_addresses_are_shown_without_user_name_query_and_fragment():
    shown = OWN["http"].shown(CONFIGS["http"])
    assert shown["url"] == "https://example.com/path"
    for url in ("http://[::1", 5, None, {"a": 1}):
        assert OWN["http"].shown({"url": url})["url"] == HIDDEN


def test_a_spec_that_says_nothing_shows_nothing():
    class Silent(Spec):
        kind = "silent"

    assert Silent.shown({"a": 1, "url": "https://example.com"}) == {"a": HIDDEN, "url": HIDDEN}
