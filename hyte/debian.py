"""Installs the Debian packages that the project cannot do without, if they are missing.

    python3 -I hyte/debian.py run|test

Runs before there is a .venv, so it uses nothing but the standard library. Without the rights to install it ends with
one line that names the packages.
"""

from __future__ import annotations  # an older Python gets as far as being told so

import ctypes
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable


def has_library(name: str) -> bool:
    """Tell whether the dynamic linker finds the library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def has_program(name: str) -> bool:
    """Tell whether the program is on the PATH."""
    return shutil.which(name) is not None


def has_module(name: str) -> bool:
    """Tell whether this Python has the module."""
    return importlib.util.find_spec(name) is not None


Probe = tuple[Callable[[str], bool], str]

# Each package by how one sees that it is there: the packages of another system may be named differently.
TO_RUN: dict[str, Probe] = {
    "python3-venv": (has_module, "ensurepip"),
    "redis-server": (has_program, "redis-server"),
    "libpango-1.0-0": (has_library, "libpango-1.0.so.0"),
    "libpangoft2-1.0-0": (has_library, "libpangoft2-1.0.so.0"),
    "libharfbuzz-subset0": (has_library, "libharfbuzz-subset.so.0"),
}
TO_TEST: dict[str, Probe] = {
    "chromium": (has_program, "chromium"),
    "gettext": (has_program, "xgettext"),
    "poppler-utils": (has_program, "pdftoppm"),
}

# Installing a server must not start it: we run our own. Debian asks policy-rc.d, which a plain system does not have.
INSTALL = """
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"
"""


def missing(packages: dict[str, Probe]) -> list[str]:
    """Return the packages of which there is no sign."""
    return [package for package, (probe, name) in packages.items() if not probe(name)]


def rights() -> list[str] | None:
    """Return what to put before a command that installs, or None if it cannot be had without asking."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    if shutil.which("sudo") and subprocess.run([*sudo, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        return sudo
    return None


def main(purpose: str) -> str | None:
    """Install what `purpose` needs; return the reason if that fails."""
    packages = TO_RUN if purpose == "run" else TO_RUN | TO_TEST
    wanted = missing(packages)
    if not wanted:
        return None
    prefix = rights()
    if prefix is None:
        return f"Missing Debian packages; install them with: sudo apt-get install {' '.join(wanted)}"
    print(f"Installing Debian packages: {' '.join(wanted)}", flush=True)
    done = subprocess.run([*prefix, "sh", "-c", INSTALL, "sh", *wanted], capture_output=True, text=True)
    still = missing({package: packages[package] for package in wanted})
    if done.returncode or still:
        words = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
        return (
            f"{words}\nInstalling failed: {shlex.join(['apt-get', 'install', *wanted])} (exit code {done.returncode})"
        )
    return None


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036 - the one file that an older Python gets to see
        sys.exit(f"Python 3.11 or later is needed; {sys.executable} is {sys.version.split()[0]}. Use make PYTHON=…")
    sys.exit(main(sys.argv[1]))
