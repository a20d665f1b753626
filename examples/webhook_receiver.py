"""Receives calls of a webhook, verifies them, and does each one's work once, though calls may come twice.

WEBHOOK_SECRET=whsec_... python examples/webhook_receiver.py 8000
"""

from __future__ import annotations

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from seatwright_client import NotVerified, WebhookEvent, verify_webhook

SECRETS = os.environ["WEBHOOK_SECRET"].split()  # two while the secret is being changed
MAX_BYTES = 1_000_000
done: set[str] = set()  # in a real receiver a table, written in the transaction of the work


def work(event: WebhookEvent) -> None:
    """Do what is to be done about an event; `event.data` says which order."""
    print(event.type, event.data.confirmation, event.data.action, flush=True)


class Receiver(BaseHTTPRequestHandler):
    """Answers quickly: work that takes longer than some seconds belongs into a queue."""

    def do_POST(self) -> None:
        """Verify a call, and do its work if it is a new one."""
        size = int(self.headers.get("Content-Length", 0))
        if size > MAX_BYTES:
            self._answer(413)
            return
        try:
            event = verify_webhook(dict(self.headers), self.rfile.read(size), SECRETS)
        except NotVerified as refused:
            print("refused:", refused.message, flush=True)
            self._answer(401)
            return
        if event.id not in done:
            work(event)
            done.add(event.id)
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write no line for each request."""


def main() -> None:
    """Listen on the port that is named, until the process is ended."""
    server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print("listening on", server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
