"""A bank in a process of its own, which counts every call and every effect.

It prints its port. `POST /do` performs an effect; with a key it performs it once for that key.
`GET /known?reference=` says how often an effect happened, after calls under way have ended, as a
bank's own books would. `GET /read?item=` fails on the first call for each item. `GET /books` is for
the test.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

WORK_SECONDS = 0.02
"""Time before and after an effect, so that callers die in the middle of calls."""

under_way: dict[str, threading.Lock] = defaultdict(threading.Lock)
"""By what is asked for: reference or item."""
calls: Counter[str] = Counter()
effects: Counter[str] = Counter()
keys: set[str] = set()
reads: Counter[str] = Counter()


class Bank(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Perform an effect."""
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        reference, key = order["reference"], order["key"]
        with under_way[reference]:
            calls[reference] += 1
            time.sleep(WORK_SECONDS)
            if not key or key not in keys:
                effects[reference] += 1
                keys.add(key)
            time.sleep(WORK_SECONDS)
        self._answer(200, {"reference": reference, "done": True})

    def do_GET(self) -> None:
        """Read something."""
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path:
            case "/known":
                with under_way[query["reference"]]:
                    self._answer(200, {"times": effects[query["reference"]]})
            case "/read":
                item = query["item"]
                reads[item] += 1
                self._answer(503 if reads[item] == 1 else 200, {"item": item, "rate": 2.5})
            case _:
                self._answer(200, {"calls": calls, "effects": effects, "reads": reads})

    def _answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except ConnectionError:
            # The caller was killed; what it asked for has happened all the same.
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server that outlives callers who are killed."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore callers that are gone."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Bank)
    print(server.server_port, flush=True)
    server.serve_forever()
