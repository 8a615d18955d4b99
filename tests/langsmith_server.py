"""A LangSmith on loopback: it takes down whatever the SDK sends, as bytes."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BATCHES = {
    "size_limit": 100,
    "size_limit_bytes": 20_000_000,
    "scale_up_qsize_trigger": 1000,
    "scale_up_nthreads_limit": 16,
    "scale_down_nempty_trigger": 4,
}


class LangSmithServer:
    """The endpoints that tracing needs: `/info`, `/runs`, `/runs/batch` and `/runs/multipart`.

    Args:
        multipart: Whether runs come as parts of a form, as from today's SDK, or in batches.
    """

    def __init__(self, *, multipart: bool = True) -> None:
        self.received: list[tuple[str, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = outer.decoded(self.headers, self._body())
                outer.received.append((f"{self.command} {self.path}", body))
                told: dict[str, Any] = {}
                if self.path.endswith("/info"):
                    config = {"use_multipart_endpoint": multipart, **BATCHES}
                    flags = {"zstd_compression_enabled": False}
                    told = {
                        "version": "0",
                        "batch_ingest_config": config,
                        "instance_flags": flags,
                    }
                answer = json.dumps(told).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def _body(self) -> bytes:
                if self.headers.get("transfer-encoding") != "chunked":
                    return self.rfile.read(int(self.headers.get("content-length") or 0))
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the names that http.server looks up

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @staticmethod
    def decoded(headers: Any, body: bytes) -> bytes:
        """Return a body as it was before it was compressed."""
        match headers.get("content-encoding"):
            case "gzip":
                return gzip.decompress(body)
            case _:
                return body

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def everything(self) -> bytes:
        """All that was sent."""
        return b"\n".join(body for _, body in self.received)

    @property
    def uploads(self) -> list[str]:
        """The requests that brought runs."""
        return [where for where, _ in self.received if "/runs" in where]

    def __enter__(self) -> LangSmithServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
