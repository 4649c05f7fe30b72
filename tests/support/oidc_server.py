"""An identity provider, as a process of its own: discovery, sign-in, tokens, keys.

It lets in one person without asking, checks what a provider has to check, and misbehaves on demand:
``POST /knobs`` sets what is named in ``KNOBS``, ``DELETE /knobs`` puts all back.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from collections import Counter
from typing import Any
from urllib.parse import unquote_plus, urlencode

import httpx
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

CLIENT_ID, CLIENT_SECRET = "one off", "s3cret:+/%"
PERSON = {
    "sub": "f:1234:alice",
    "preferred_username": "Alice",
    "email": "alice@example.com",
    "email_verified": True,
    "realm_access": {"roles": ["jobs-user"]},
}
#: What may be set, and what it is at first.
KNOBS: dict[str, Any] = {
    "person": PERSON,
    #: Claims in the place of those that are right; null leaves one out.
    "claims": {},
    #: Seconds from now, for times.
    "times": {},
    #: usual, none, hs256, other key, unknown kid, no kid
    "signature": "usual",
    "algorithm": "RS256",
    "metadata": {},
    #: Endpoints that answer 503, hang, or answer with a megabyte.
    "down": [],
    "slow": [],
    "huge": [],
    #: What the browser is sent back with, in the place of a code.
    "error": None,
    #: Added to what the browser is sent back with.
    "back": {},
}
_ALGORITHMS = {
    "RS256": lambda kid: RSAKey.generate_key(2048, {"kid": kid}),
    "PS256": lambda kid: RSAKey.generate_key(2048, {"kid": kid}),
    "ES256": lambda kid: ECKey.generate_key("P-256", {"kid": kid}),
    "EdDSA": lambda kid: OKPKey.generate_key("Ed25519", {"kid": kid}),
}
ENDPOINTS = {
    "discovery": "/.well-known/openid-configuration",
    "authorize": "/authorize",
    "token": "/token",
    "jwks": "/jwks",
}


class Provider:
    """What the provider knows."""

    def __init__(self):
        self.address = ""
        self.codes: dict[str, Any] = {}
        self.asked: Counter[str | None] = Counter()
        self.knobs = dict(KNOBS)
        self.keys: dict[str, Any] = {n: make(f"{n}-1") for n, make in _ALGORITHMS.items()}

    def id_token(self, nonce):
        """Return the token that tells who the person is."""
        times = {"exp": 300, "iat": 0} | self.knobs["times"]
        claims = {"iss": self.address, "aud": CLIENT_ID, "nonce": nonce, "azp": CLIENT_ID}
        claims |= {name: int(time.time()) + offset for name, offset in times.items()}
        claims |= self.knobs["person"] | self.knobs["claims"]
        return self.signed({name: value for name, value in claims.items() if value is not None})

    def signed(self, claims):
        """Return claims signed in the way that the knobs say."""
        algorithm, way = self.knobs["algorithm"], self.knobs["signature"]
        key = self.keys[algorithm]
        header = {"alg": algorithm, "kid": key.kid}
        if way == "none":
            return jws.serialize_compact(
                {"alg": "none", "kid": key.kid},
                json.dumps(claims).encode(),
                None,
                algorithms=["none"],
            )
        if way == "hs256":
            return _by_secret(claims, key)
        if way == "other key":
            key = _ALGORITHMS[algorithm](key.kid)
        if way == "unknown kid":
            header["kid"] = "unheard-of"
        if way == "no kid":
            del header["kid"]
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def misbehave(self):
        """Answer in the place of an endpoint that is in trouble."""
        name = next((n for n, path in ENDPOINTS.items() if path == request.path), None)
        self.asked[name] += 1
        if name in self.knobs["down"]:
            return Response("away", 503)
        if name in self.knobs["huge"]:
            return Response(b"[" + b" " * 1_000_000 + b"]", mimetype="application/json")
        if name in self.knobs["slow"]:
            time.sleep(3)  # longer than anybody waits for a provider
        return None

    def discover(self):
        """Answer where everything is."""
        usual = {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return jsonify(usual | self.knobs["metadata"])

    def authorize(self):
        """Let the person in, and send the browser back."""
        asked = request.args
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        assert all(len(asked[name]) >= 32 for name in ("state", "nonce", "code_challenge"))
        back = {"state": asked["state"]}
        if self.knobs["error"]:
            back["error"] = self.knobs["error"]
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = dict(asked)
        return redirect(f"{asked['redirect_uri']}?{urlencode(back | self.knobs['back'])}")

    def give_token(self):
        """Answer with tokens for a code, which is good for one use."""
        form = request.form
        asked = self.codes.pop(form.get("code", ""), None)
        if not self._is_client():
            return jsonify({"error": "invalid_client"}), 401
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = _encoded(digest).decode()
        is_right = (
            asked is not None
            and form["grant_type"] == "authorization_code"
            and form["redirect_uri"] == asked["redirect_uri"]
            and challenge == asked["code_challenge"]
        )
        if not is_right:
            return jsonify({"error": "invalid_grant"}), 400
        token = self.id_token(asked["nonce"])
        return jsonify({"access_token": "at", "token_type": "Bearer", "id_token": token})

    def _is_client(self):
        ways = self.knobs["metadata"].get("token_endpoint_auth_methods_supported", ["basic"])
        shown, form = request.authorization, request.form
        if shown is not None:
            pair = (unquote_plus(shown.username or ""), unquote_plus(shown.password or ""))
            return pair == (CLIENT_ID, CLIENT_SECRET) and ways == ["basic"]
        secret = None if ways == ["none"] else CLIENT_SECRET
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, secret)

    def publish_keys(self):
        """Answer with the keys, and with what else may be among them."""
        keys = [key.as_dict(private=False, use="sig") for key in self.keys.values()]
        return jsonify({"keys": [{"kty": "oct", "k": "AAAA"}, 7, *keys]})

    def turn(self):
        """Set knobs, or put all back; say how often each endpoint was asked."""
        if request.method == "POST":
            assert request.json.keys() <= KNOBS.keys(), request.json
            self.knobs |= request.json
        if request.method == "DELETE":
            self.knobs, self.asked, self.codes = dict(KNOBS), Counter(), {}
        return jsonify({"asked": {str(name): count for name, count in self.asked.items()}})

    def rotate(self):
        """Have new keys in the place of those that there are."""
        kid = secrets.token_hex(4)
        self.keys = {name: make(f"{name}-{kid}") for name, make in _ALGORITHMS.items()}
        return jsonify({})


def make_app(provider):
    """Return the provider as a web application."""
    app = Flask("provider")
    app.before_request(provider.misbehave)
    app.get(ENDPOINTS["discovery"])(provider.discover)
    app.get(ENDPOINTS["authorize"])(provider.authorize)
    app.post(ENDPOINTS["token"])(provider.give_token)
    app.get(ENDPOINTS["jwks"])(provider.publish_keys)
    app.route("/knobs", methods=["GET", "POST", "DELETE"])(provider.turn)
    app.post("/rotate")(provider.rotate)
    return app


def _by_secret(claims, key):
    """Return claims signed with the public key as if it were a secret (no library does that)."""
    header = {"alg": "HS256", "typ": "JWT", "kid": key.kid}
    text = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    mac = hmac.digest(key.as_pem(private=False), text, "sha256")
    return (text + b"." + _encoded(mac)).decode()


def _encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Running:
    """The provider's process, as a test knows it."""

    def __init__(self):
        command = [sys.executable, "-m", "tests.support.oidc_server"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.out = self.process.stdout
        self.address = self.out.readline().strip()
        assert self.address, "the provider has not started"

    def turn(self, **knobs):
        """Have the provider do so from now on."""
        httpx.post(f"{self.address}/knobs", json=knobs).raise_for_status()

    def reset(self):
        """Have the provider do all that is right again."""
        httpx.delete(f"{self.address}/knobs").raise_for_status()

    def rotate(self):
        """Have the provider change its keys."""
        httpx.post(f"{self.address}/rotate").raise_for_status()

    def asked(self, name):
        """Return how often an endpoint was asked."""
        return httpx.get(f"{self.address}/knobs").json()["asked"].get(name, 0)

    def person(self, **over):
        """Have another person sign in from now on."""
        self.turn(person=PERSON | over)

    def stop(self):
        """End the process."""
        self.process.terminate()
        self.process.wait()
        self.out.close()


@contextlib.contextmanager
def running():
    """Yield a provider that runs for the length of a block."""
    one = Running()
    try:
        yield one
    finally:
        one.stop()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        """Say nothing."""


def main():
    """Serve until the process is ended."""
    provider = Provider()
    app = make_app(provider)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    provider.address = f"http://127.0.0.1:{server.server_port}"
    sys.stdout.write(f"{provider.address}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
