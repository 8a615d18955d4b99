"""An MCP server that speaks JSON-RPC by hand, because a library would refuse what it says.

`odd_mcp_server.py FILE`: FILE holds `{"tools": [definition, …], "results": {tool: result, …}}`. A
result that is a text is all that is said to a call, byte by byte (latin-1), with the id for `ID`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def answer(request: dict[str, Any], said: dict[str, Any]) -> Any:
    """Answer one request."""
    match request["method"]:
        case "initialize":
            return {
                "protocolVersion": request["params"]["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "odd", "version": "1"},
            }
        case "tools/list":
            return {"tools": said["tools"]}
        case "tools/call":
            return said["results"][request["params"]["name"]]
        case _:
            return {}


def main() -> None:
    """Serve over stdio."""
    said = json.loads(Path(sys.argv[1]).read_text())
    for line in sys.stdin:
        request = json.loads(line)
        if "id" in request:
            result = answer(request, said)
            reply = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result})
            if isinstance(result, str):
                reply = result.replace("ID", str(request["id"]))
            sys.stdout.buffer.write(reply.encode("latin-1") + b"\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
