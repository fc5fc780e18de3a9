"""Looking at other processes."""

import time
from collections.abc import Callable

import psutil


def gone(pid: int) -> bool:
    """Tell whether the process has ended; one that nobody has buried yet counts as such."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for the condition; fail when it takes longer than `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
