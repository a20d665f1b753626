"""Tokens by hand. The clients fetch their own; these are for whoever needs one elsewhere."""

from __future__ import annotations

from seatwright_client import credentials
from seatwright_client.operations import Mode, Resource, operation
from seatwright_client.request import Request


class Tokens(Resource[Mode]):
    """`client.tokens`: neither of these is sent again once the server may have taken it."""

    @operation
    def authenticate(self, username: str, apikey: str) -> Request[str]:
        """Return a bearer token for an API key, the account's or one of an integration's own, and any user's name."""
        return credentials.authenticate(username, apikey)

    @operation
    def login(self, username: str, password: str) -> Request[str]:
        """Return a bearer token for a user's password."""
        return credentials.login(username, password)
