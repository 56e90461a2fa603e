"""Fuzzes all routes of a real server from the API's OpenAPI document.

    python -m benchmarks.api_fuzz [--json] [--minutes 10] [--seed 1]

schemathesis sends valid and invalid requests. No response may be a fault (5xx, except 503 of a starting
studio and 507 of a full disk), have a status or a schema that is not in the document, or show a traceback;
and refused uploads must leave no files.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.report import ROOT, make_parser, print_figures
from studio.core.process import children

sys.path.append(str(ROOT / "tests" / "fakes"))

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SETTINGS = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503, 507]
"""


def fuzz(server: Any, seed: int, seconds: int = 0, examples: int = 0) -> dict[str, Any]:
    """Fuzzes a running server.

    Args:
        seconds: duration; or
        examples: number per route in a short run, always the same ones.

    Returns:
        The figures; `report` is that of the fuzzer, with a curl command for each fault.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "schemathesis.toml").write_text(SETTINGS)
        code = "from schemathesis.cli import schemathesis; schemathesis()"
        arguments = ["run", f"{server.address}/api/v1/openapi.json", "--checks", CHECKS, "--seed", str(seed)]
        arguments += ["--header", f"Authorization: Bearer {server.token}"]
        # Other phases try the document's examples, which are complete jobs, and thousands of corner cases.
        limits = ["--max-examples", str(examples), "--phases", "fuzzing"]
        arguments += limits if examples else ["--max-time", str(seconds), "--continue-on-failure"]
        arguments += ["--generation-database", "none", "--no-color", "--request-timeout", "60"]
        completed = subprocess.run(
            children.build_command("-c", code, *arguments),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    log = (server.home / "server.log").read_text(errors="replace")
    patterns = (r"(\d+) generated", r"Tested: (\d+)")
    requests, routes = (re.search(pattern, completed.stdout) for pattern in patterns)
    received = server.home / "cache" / "received"
    return {
        "requests": int(requests[1]) if requests else 0,
        "routes": int(routes[1]) if routes else 0,
        "faults found": len(re.findall(r"^\s*Reproduce with:", completed.stdout, re.MULTILINE)),
        "tracebacks in the server's log": log.count("Traceback"),
        "files left": len(list(received.iterdir())) if received.exists() else 0,
        "ended well": completed.returncode == 0,
        "report": completed.stdout + completed.stderr,
    }


def main() -> None:
    """Starts a server and fuzzes it."""
    from chore_studio import Studio

    parser = make_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        server = Studio(Path(home))
        server.start()
        try:
            figures = fuzz(server, args.seed, seconds=round(60 * args.minutes))
        finally:
            server.kill()
    report = figures.pop("report")
    if not figures["ended well"]:
        sys.stderr.write(report)
    print_figures(figures, args.json)


if __name__ == "__main__":
    main()
