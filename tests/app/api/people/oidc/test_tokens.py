"""What an identity provider must not get past us, and what becomes of us when it is in trouble."""

import re

import pytest
import sqlalchemy as sa

from app.db import reading
from app.gateways.oidc import kept
from app.models import UserSession
from app.services.people import identity_provider
from tests.support.oidc_browser import (
    EN,
    START,
    enter,
    on_the_way,
    refused,
    told,
    user,
)
from tests.support.oidc_server import CLIENT_ID


class TestLies:
    """What a provider, or whoever stands in its place, must not get past us."""

    @pytest.mark.parametrize(
        "knobs",
        [
            {"claims": {"iss": "https://evil.test"}},
            {"claims": {"iss": None}},
            {"claims": {"aud": "another"}},
            {"claims": {"aud": ["another"]}},
            {"claims": {"aud": None}},
            {"claims": {"aud": [CLIENT_ID, "another"], "azp": None}},
            {"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}},
            {"claims": {"azp": "another"}},
            {"claims": {"nonce": "another"}},
            {"claims": {"nonce": None}},
            {"claims": {"sub": None}},
            {"claims": {"sub": ""}},
            {"claims": {"sub": 7}},
            {"claims": {"sub": "x" * 256}},
            {"claims": {"exp": None}},
            {"claims": {"exp": "tomorrow"}},
            {"claims": {"exp": True}},
            {"claims": {"iat": None}},
            {"times": {"exp": -120}},
            {"times": {"exp": -3600, "iat": -7200}},
            {"times": {"nbf": 120}},
            {"times": {"iat": 120}},
            {"signature": "none"},
            {"signature": "hs256"},
            {"signature": "other key"},
            {"signature": "unknown kid"},
        ],
        ids=str,
    )
    def test_a_token_that_is_not_right_lets_nobody_in(self, browse, provider, knobs):
        provider.turn(**knobs)
        browser = browse()
        refused(browser, "provider_failed")
        assert user() is None
        with reading() as session:
            assert session.scalar(sa.select(UserSession.id)) is None
        provider.reset()
        assert enter(browser)["username"] == "alice"

    @pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
    def test_clocks_may_differ_by_a_minute(self, browse, provider, name):
        provider.turn(times={name: -40 if name == "exp" else 40})
        assert enter(browse())["username"] == "alice"

    @pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
    @pytest.mark.parametrize("signature", ["usual", "no kid"])
    def test_all_usual_signatures_are_taken(self, browse, provider, algorithm, signature):
        provider.turn(algorithm=algorithm, signature=signature)
        assert enter(browse())["username"] == "alice"

    def test_several_audiences_are_fine_if_we_are_the_one(self, browse, provider):
        provider.turn(claims={"aud": ["another", CLIENT_ID]})
        assert enter(browse())["username"] == "alice"

    @pytest.mark.parametrize(
        "metadata",
        [
            {"issuer": "https://evil.test"},
            {"issuer": None},
            {"token_endpoint": "http://10.1.1.1/token"},
            {"jwks_uri": None},
            {"authorization_endpoint": "javascript:alert(1)"},
        ],
        ids=str,
    )
    def test_a_provider_that_is_another_is_none(self, browse, provider, metadata):
        provider.turn(metadata=metadata)
        answer = browse().get(START)
        assert EN.provider_away.format(name="Keycloak").replace("'", "&#39;") in answer.text

    def test_an_answer_of_another_provider_is_not_taken(self, browse, provider):
        provider.turn(back={"iss": "https://evil.test"})
        assert "another provider" in refused(browse(), "provider_failed")
        provider.turn(back={"iss": provider.address})
        assert enter(browse())["username"] == "alice"

    def test_a_code_of_ones_own_is_not_taken(self, browse, provider):
        browser = browse()
        back = on_the_way(browser)
        forged = re.sub("code=[^&]+", "code=mine", back)
        assert "invalid_grant" in told(browser.get(forged), browser, "provider_failed")

    @pytest.mark.parametrize(
        ("error", "text"),
        [
            ("access_denied", "provider_denied"),
            ("temporarily_unavailable", "provider_away"),
            ("login_required", "provider_failed"),
            ("<script>" * 100, "provider_failed"),
        ],
    )
    def test_errors_are_said_in_plain_words(self, browse, provider, error, text):
        provider.turn(error=error, back={"error_description": "call us to pay"})
        browser = browse()
        answer = browser.get(START, params={"next": "/docs"})
        told(answer, browser, text)
        assert "call us" not in answer.text
        assert "<script" not in answer.text
        assert "next=/docs" in answer.text


class TestTrouble:
    @pytest.mark.parametrize("endpoint", ["token", "jwks"])
    @pytest.mark.parametrize("trouble", ["down", "slow", "huge"])
    def test_a_provider_in_trouble_is_said_to_be_away(
        self, browse, provider, monkeypatch, endpoint, trouble
    ):
        monkeypatch.setattr(identity_provider, "PATIENCE", 1.0)
        provider.turn(**{trouble: [endpoint]})
        refused(browse(), "provider_away")

    @pytest.mark.parametrize("trouble", ["down", "slow", "huge"])
    def test_also_before_the_way_there(self, browse, provider, monkeypatch, trouble):
        monkeypatch.setattr(identity_provider, "PATIENCE", 1.0)
        monkeypatch.setattr(kept, "RETRY_SECONDS", 0.0)
        provider.turn(**{trouble: ["discovery"]})
        browser = browse()
        answer = browser.get(START, params={"next": "/docs"})
        assert answer.url.path == "/login"
        assert answer.url.params["refused"] == "provider_away"
        provider.reset()
        assert enter(browser)["username"] == "alice"

    def test_a_provider_that_is_away_is_not_asked_by_everybody(self, browse, provider):
        provider.turn(down=["discovery"])
        browser = browse()
        for _ in range(5):
            browser.get(START)
        assert provider.asked("discovery") == 1

    def test_what_it_publishes_serves_on_while_it_is_away(self, browse, provider, monkeypatch):
        monkeypatch.setattr(kept, "KEPT_SECONDS", 0.0)
        browser = browse()
        enter(browser)
        provider.turn(down=["discovery", "jwks"])
        browser.cookies.clear()
        assert enter(browser)["username"] == "alice"
        assert provider.asked("jwks") == 2

    def test_what_it_publishes_is_kept(self, browse, provider):
        browser = browse()
        for _ in range(3):
            enter(browser)
        assert (provider.asked("discovery"), provider.asked("jwks")) == (1, 1)

    def test_new_keys_are_picked_up(self, browse, provider):
        browser = browse()
        enter(browser)
        provider.rotate()
        assert enter(browser)["username"] == "alice"
        assert provider.asked("jwks") == 2

    def test_made_up_keys_have_the_provider_asked_once_a_minute(self, browse, provider):
        provider.turn(signature="unknown kid")
        browser = browse()
        for _ in range(3):
            refused(browser, "provider_failed")
        assert provider.asked("jwks") == 2
