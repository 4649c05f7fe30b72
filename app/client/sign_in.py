"""Signing in and out, and who asks."""

from datetime import datetime

from app.client.connection import Connection
from app.client.things import Thing


class Who(Thing):
    """Who asks, and what may be done so."""

    actor: str
    username: str | None = None
    roles: list[str] = []
    permissions: list[str] = []
    must_change_password: bool = False


class Tokens(Thing):
    """What whoever has signed in is given: for requests, and, good for one use, for new tokens."""

    token: str
    expires_at: datetime
    refresh_token: str
    user: Who


class SignIn:
    """``client.sign_in``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def login(self, username: str, password: str) -> Tokens:
        """Sign in; a client made with the token as its key acts as this person."""
        body = {"username": username, "password": password}
        return Tokens.read(self._connection.post("/api/auth/login", body)["data"])

    def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens in the place of these; a second use ends the session."""
        body = {"refresh_token": refresh_token}
        return Tokens.read(self._connection.post("/api/auth/refresh", body)["data"])

    def change_password(self, current: str, new: str) -> Tokens:
        """Give the person a new password; all sessions end, and a new one begins."""
        body = {"current_password": current, "new_password": new}
        return Tokens.read(self._connection.post("/api/auth/password", body)["data"])

    def logout(self, refresh_token: str) -> int:
        """End a session; return how many have ended."""
        body = {"refresh_token": refresh_token}
        return int(self._connection.post("/api/auth/logout", body)["data"]["sessions"])

    def who(self) -> Who:
        """Return who asks."""
        return Who.read(self._connection.get("/api/auth/me")["data"])
