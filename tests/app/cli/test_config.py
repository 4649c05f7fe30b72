"""The settings as the command shows them: all of them, and no secret."""

import base64
import os

from click.testing import CliRunner

from app.cli.root import cli


def test_no_secret_is_shown(tmp_path):
    environ = {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://u:hush-one@db/x",
        "ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
        "ENCRYPTION_KEYS_OLD": base64.b64encode(os.urandom(32)).decode(),
        "OIDC_ISSUER": "https://id.test",
        "OIDC_CLIENT_ID": "oneoff",
        "OIDC_CLIENT_SECRET": "hush-two",
        "OIDC_ROLE_MAP": "a=user,b=admin",
        "PUBLIC_URL": "https://jobs.test",
    }
    done = CliRunner().invoke(cli, ["config"], env=environ)
    assert done.exit_code == 0, done.output
    assert "hush" not in done.output
    assert "b'" not in done.output
    for name in ("ENCRYPTION_KEY", "ENCRYPTION_KEYS_OLD", "OIDC_CLIENT_SECRET"):
        assert f"\n{name}=***\n" in done.output
        assert environ[name] not in done.output
    assert "postgresql://u:***@db/x" in done.output
    assert "\nOIDC_ROLE_MAP=a=user,b=admin\n" in done.output
