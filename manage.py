#!/usr/bin/env python
"""Django's command line, and the way into the demo."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def read_demo_environment() -> None:
    """Take the addresses of a running demo, so that other commands can be used beside it."""
    path = ROOT / "var" / "demo.env"
    if "DATABASE_URL" in os.environ or not path.exists():
        return
    for line in path.read_text().splitlines():
        name, _, value = line.partition("=")
        if name and not name.startswith("#"):
            os.environ.setdefault(name, value)


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hyte.settings")
    if sys.argv[1:2] == ["demo"]:
        # The demo starts the servers whose addresses the settings demand, so it runs before Django.
        from hyte.demo import main as demo

        sys.exit(demo(sys.argv[2:]))
    read_demo_environment()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
