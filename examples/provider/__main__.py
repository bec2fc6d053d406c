"""The provider as a program: `python examples/provider --port 8089`, until it is interrupted."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

if not __package__:
    # Started as a folder, the folder itself is on the path; its modules are found from the one above.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from provider import Provider


def main() -> None:
    """Serve, print one line for every request, and say at the end how many there were."""
    parser = argparse.ArgumentParser(prog="provider", description="A local provider of OpenAI's and Anthropic's APIs.")
    parser.add_argument("--port", type=int, default=8089, help="port on 127.0.0.1; 0 takes a free one (default: 8089)")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer (default: 0)")
    options = parser.parse_args()
    with Provider(port=options.port, latency=options.latency, log=lambda line: print(line, flush=True)) as provider:
        print(f"serving {provider.url}  (GET /count tells how many requests came)", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print(f"\n{provider.count()} requests")


main()
