"""Settings: precedence, every fault at once, secrets from files."""

from pathlib import Path

import pytest

from app.domain.errors import Invalid
from app.domain.programs import ProgramRules
from app.settings import Settings, load


def test_flags_win_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "oneoff.env").write_text("PORT=1001\nDEFAULT_PRIORITY=7\nLOG_LEVEL=warn\n")
    environ = {"DATA_DIR": str(tmp_path), "PORT": "1002", "DEFAULT_PRIORITY": "8"}
    settings = load({"port": 1003}, environ)
    assert (settings.port, settings.default_priority, settings.log_level) == (1003, 8, "warn")
    assert "port" in settings.given
    assert "log_level" not in settings.given


def test_every_fault_is_listed_with_its_source() -> None:
    environ = {"PORT": "70000", "DEFAULT_PRIORITY": "x", "DEFAULT_TIMEZONE": "Europe/Berln"}
    with pytest.raises(Invalid) as caught:
        load({}, environ | {"DATA_DIR": "/nowhere"})
    faults = {fault.field: fault for fault in caught.value.faults}
    assert set(faults) == {"PORT", "DEFAULT_PRIORITY", "DEFAULT_TIMEZONE"}
    assert "environment PORT" in faults["PORT"].message
    assert faults["DEFAULT_TIMEZONE"].value == "Europe/Berln"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "example.org", "::"])
def test_without_authentication_only_loopback_is_listened_on(host: str) -> None:
    with pytest.raises(Invalid, match="localhost only"):
        load({"host": host}, {"DATA_DIR": "/nowhere"})


def test_a_secret_can_come_from_a_file_and_is_not_shown_in_a_fault(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:hush@db/x\n")
    settings = load({}, {"DATA_DIR": str(tmp_path), "DATABASE_URL_FILE": str(secret)})
    assert settings.database == "postgresql+psycopg://u:hush@db/x"


def test_a_missing_secret_file_is_named() -> None:
    with pytest.raises(Invalid, match="BROKER_URL_FILE"):
        load({}, {"DATA_DIR": "/nowhere", "BROKER_URL_FILE": "/does/not/exist"})


def test_an_unknown_name_in_the_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "oneoff.env").write_text("PROT=8080\n")
    with pytest.raises(Invalid, match="PROT"):
        load({}, {"DATA_DIR": str(tmp_path)})


def test_names_of_other_systems_are_understood() -> None:
    assert load({}, {"DATA_DIR": "/nowhere", "TASKFLOW_PORT": "8123"}).port == 8123
    assert load({}, {"DATA_DIR": "/nowhere", "APP__PORT": "8124", "PORT": "8125"}).port == 8125


def test_the_database_is_the_file_here_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(data_dir=tmp_path / "data")
    assert settings.database == f"sqlite:///{tmp_path}/data/oneoff.db"
    (tmp_path / "oneoff.db").touch()
    assert settings.database == f"sqlite:///{tmp_path}/oneoff.db"


def test_a_socket_path_too_long_for_the_system_moves_to_a_private_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 120)
    assert len(str(Settings(data_dir=deep).broker_socket)) <= 100
    assert Settings(data_dir=Path("/d")).broker_socket == Path("/d/broker.sock")


def test_the_embedded_broker_yields_to_a_named_one() -> None:
    assert Settings().embeds_broker
    assert not Settings(redis_url="redis://h/0").embeds_broker
    assert Settings(redis_url="redis://h/0", broker_url="amqp://h").broker == "amqp://h"


def test_rules_for_containers_come_from_the_settings(tmp_path):
    settings = load({}, {"DATA_DIR": str(tmp_path), "DOCKER_ALLOW": "network:host, bind:/etc/ssl"})
    rules = settings.containers
    assert rules.allow == ("network:host", "bind:/etc/ssl")
    assert "this product" in (rules.bind_refusal(str(tmp_path / "jobs")) or "")
    elsewhere = load({}, {"DB_PATH": "/srv/db/x.db", "DOCKER_HOST": "unix:///opt/d/docker.sock"})
    assert "this product" in (elsewhere.containers.bind_refusal("/srv/db") or "")
    assert "socket" in (elsewhere.containers.bind_refusal("/opt/d") or "")


def test_what_can_not_be_allowed_to_containers_is_said_at_the_start():
    with pytest.raises(Invalid, match="'privileged' can't be allowed"):
        load({}, {"DOCKER_ALLOW": "privileged"})


def test_rules_for_programs_are_read_and_strict_by_default(tmp_path: Path) -> None:
    settings = load({}, {"DATA_DIR": str(tmp_path)})
    assert settings.rules.programs == ProgramRules()
    assert settings.claude_logs == tmp_path / "claude-logs"
    environ = {"CLAUDE_ALLOW_SKIP_PERMISSIONS": "true", "PYTHON_ALLOW": "reports, acme.tools"}
    given = load({}, environ | {"DATA_DIR": str(tmp_path), "CLAUDE_LOG_DIR": "/var/log/claude"})
    assert given.programs == ProgramRules(
        may_skip_permissions=True, packages=("reports", "acme.tools")
    )
    assert given.claude_logs == Path("/var/log/claude")
    with pytest.raises(Invalid, match="is no name of a package"):
        load({}, {"PYTHON_ALLOW": "reports,*"})


def test_webhooks_reach_private_addresses_only_if_nobody_is_a_stranger():
    private = "127.0.0.1"
    opened: dict[str, object] = {"webhook_allow": "127.0.0.0/8", "auth_enabled": True}
    assert load({}, {}).webhook_outbound.allows(private, 80)
    strict = load({"auth_enabled": True, "outbound_allow": "127.0.0.0/8"}, {})
    assert strict.outbound.allows(private, 80)
    assert not strict.webhook_outbound.allows(private, 80)
    assert strict.webhook_outbound.allows("8.8.8.8", 443)
    assert load(opened, {}).webhook_outbound.allows(private, 80)
    for settings in ({}, opened):
        assert not load(settings, {}).webhook_outbound.allows("169.254.169.254", 80)
    denied = load({"outbound_deny": "127.0.0.0/8"}, {})
    assert not denied.webhook_outbound.allows(private, 80)


PROVIDER = {
    "OIDC_ISSUER": "https://id.test/realms/x",
    "OIDC_CLIENT_ID": "oneoff",
    "PUBLIC_URL": "https://jobs.test/",
}


def test_an_identity_provider_is_described_as_a_whole(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hush\n")
    more = {"OIDC_CLIENT_SECRET_FILE": str(secret), "OIDC_ROLE_MAP": "a=user,b=admin"}
    settings = load({}, PROVIDER | more | {"DATA_DIR": "/nowhere"})
    assert settings.public_url == "https://jobs.test"
    assert settings.oidc_client_secret == "hush"
    assert settings.oidc_role_map == (("a", "user"), ("b", "admin"))
    assert settings.oidc_roles_claim == "realm_access.roles"
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("lacking", [*PROVIDER])
def test_nothing_of_it_may_lack(lacking: str) -> None:
    environ = {name: value for name, value in PROVIDER.items() if name != lacking}
    if lacking == "OIDC_ISSUER":
        assert not load({}, {"DATA_DIR": "/nowhere", "PUBLIC_URL": "https://jobs.test"}).oidc_issuer
    with pytest.raises(Invalid, match=lacking):
        load({}, environ | {"DATA_DIR": "/nowhere"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://id.test"),
        ("PUBLIC_URL", "https://jobs.test/path"),
        ("OIDC_ROLE_MAP", "a=user,b"),
        ("OIDC_SCOPES", "profile email"),
        ("OIDC_SCOPES", "openid  email"),
        ("OIDC_NAME", "x" * 51),
    ],
)
def test_what_can_t_be_right_of_it_is_named(name: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        load({}, PROVIDER | {name: value, "DATA_DIR": "/nowhere"})
    assert [fault.field for fault in caught.value.faults] == [name]


def test_telemetry_is_off_unless_an_endpoint_is_named() -> None:
    there = {"DATA_DIR": "/nowhere"}
    assert not load({}, there).has_telemetry
    # Variables of other programs are no fault of ours.
    assert not load({}, there | {"OTEL_TRACES_SAMPLER": "jaeger_remote"}).has_telemetry
    on = load({}, there | {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/base/"})
    assert on.traces_endpoint == "http://collector:4318/base/v1/traces"
    assert on.metrics_endpoint == "http://collector:4318/base/v1/metrics"
    whole = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector/t"}
    traces = load({}, there | whole)
    assert (traces.sends_traces, traces.sends_metrics) == (True, False)
    assert traces.traces_endpoint == "http://collector/t"
    assert not load({}, there | whole | {"OTEL_SDK_DISABLED": "true"}).has_telemetry
    assert not load({}, there | whole | {"OTEL_TRACES_EXPORTER": "none"}).has_telemetry


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "sometimes"),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_METRICS_EXPORTER", "prometheus"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no value"),
        ("TRACE_URL", "http://jaeger/trace/"),
        ("FLOWER_URL", "flower"),
    ],
)
def test_a_fault_in_telemetry_names_the_variable(name: str, value: str) -> None:
    environ = {"DATA_DIR": "/nowhere", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}
    with pytest.raises(Invalid, match=name):
        load({}, environ | {name: value})


def test_headers_of_exports_are_read_and_never_shown() -> None:
    environ = {"DATA_DIR": "/nowhere", "OTEL_EXPORTER_OTLP_HEADERS": "x-key=hush%20hush, y=2"}
    settings = load({}, environ)
    assert settings.otel_exporter_otlp_headers == (("x-key", "hush hush"), ("y", "2"))
    assert "hush" not in repr(settings)
    with pytest.raises(Invalid) as caught:
        load({}, {**environ, "OTEL_EXPORTER_OTLP_HEADERS": "hush"})
    assert "hush" not in str(caught.value.faults)
