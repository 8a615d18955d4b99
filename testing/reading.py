"""Reads an HTTP request into the record of it: JSON or a form, and no secrets."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP

from ..state.values import JsonObject
from .connection import HttpRequest
from .records import RequestRecord
from .replies import Endpoint

PATHS: Mapping[tuple[str, str], Endpoint] = {
    ("POST", "/v1/chat/completions"): "chat",
    ("GET", "/v1/models"): "models",
    ("POST", "/v1/audio/transcriptions"): "transcription",
}
SECRET_HEADERS = frozenset({"authorization", "api-key", "x-api-key", "cookie"})


def read_record(number: int, http: HttpRequest) -> RequestRecord:
    """Open the record of an arriving request."""
    body = _body(http)
    return RequestRecord(
        number=number,
        method=http.method,
        path=http.path,
        endpoint=PATHS.get((http.method, http.path)),
        model=str(body.get("model", "")),
        stream=bool(body.get("stream")),
        body=body,
        headers={k: v for k, v in http.headers.items() if k not in SECRET_HEADERS},
        started_at=time.time(),
    )


def _body(http: HttpRequest) -> JsonObject:
    """Read JSON or a form; anything else counts as an empty body."""
    content_type = http.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        return _form(content_type, http.body)
    try:
        body = json.loads(http.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _form(content_type: str, body: bytes) -> JsonObject:
    """Read a form; of a file, only its name, type and size are kept."""
    head = f"content-type: {content_type}\r\n\r\n".encode()
    fields: JsonObject = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        filename = part.get_filename()
        if filename is None:
            fields[name] = data.decode()
        else:
            media_type = part.get_content_type()
            fields[name] = {"filename": filename, "media_type": media_type, "size": len(data)}
    return fields
