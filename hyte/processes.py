"""Child processes that cannot outlive us.

Each child gets a session of its own, so that Ctrl-C in the terminal reaches only the one who holds the children:
that one decides what ends when. Should the holder itself be killed hard, the kernel tells the children to end.
"""

import contextlib
import ctypes
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import psutil

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP arrived; handled like Ctrl-C, which every library already lets through."""


ASKING_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Child:
    """A running program, its output going to a log file or, without one, where ours goes."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        user: str | None = None,
        feed: bytes = b"",
        endings: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 5), (signal.SIGQUIT, 3)),
    ) -> None:
        """Start `command`, writing `feed` to its standard input.

        `endings` are the signals that end it, each with the seconds it is given before the next; SIGKILL is last.
        """
        self.name = name
        self.log = log
        self._endings = endings
        self._asked = False
        self._stopped = False
        account = None if user is None else pwd.getpwnam(user)
        with contextlib.ExitStack() as stack:
            output = None
            if log is not None:
                log.parent.mkdir(parents=True, exist_ok=True)
                output = stack.enter_context(log.open("ab"))
                self._log_start = output.tell()
            stack.enter_context(_asked_later())
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=environment,
                cwd=directory,
                start_new_session=True,
                preexec_fn=_dies_with_parent(endings[0][0]),
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=[] if account else None,
            )
        self.started = time.monotonic()
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write(feed)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, or None while it runs."""
        return self._process.poll()

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    def ending(self) -> str:
        """How it ended, for a person."""
        code = self.exit_code
        if code is None:
            return "still running"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def last_words(self, lines: int = 12) -> str:
        """The end of what this run wrote to its log."""
        if self.log is None:
            return ""
        with self.log.open("rb") as output:
            output.seek(self._log_start)
            return "\n".join(output.read().decode(errors="replace").splitlines()[-lines:])

    def signal_end(self) -> None:
        """Tell it to end without waiting for it; `stop` sees to it that it does."""
        if self.alive and not self._asked:
            self._process.send_signal(self._endings[0][0])
            self._asked = True

    def stop(self) -> None:
        """End it and whatever it started in its session; harmless when it has ended already."""
        if self._stopped:
            return
        self.signal_end()
        for number, (kind, patience) in enumerate(self._endings):
            if not self.alive:
                break
            if number:
                self._process.send_signal(kind)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
        # A leader killed hard leaves its group behind; killing that group is also how a stubborn leader ends.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        self._stopped = True


@contextlib.contextmanager
def _asked_later() -> Iterator[None]:
    """Let the signals that ask us to end wait for the end of the block, in which a child is made.

    Python runs callbacks after a fork and passes over what they raise: a Ctrl-C in one of them would be lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ASKING_TO_END)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _dies_with_parent(kind: signal.Signals) -> Callable[[], None]:
    """Return the step between fork and exec that ties the child's life to ours."""
    parent = os.getpid()

    def tie() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKING_TO_END)
        _libc.prctl(_PR_SET_PDEATHSIG, int(kind), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the tie was made
            os._exit(1)

    return tie


@contextlib.contextmanager
def no_process_left() -> Iterator[None]:
    """End with the block every process below this one that the owners of the children have missed.

    For whoever owns the whole process: grandchildren that lose their parent come to this one instead of to init.
    """
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        with undisturbed():
            deadline = time.monotonic() + 5
            while (below := psutil.Process().children(recursive=True)) and time.monotonic() < deadline:
                for process in below:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
                with contextlib.suppress(ChildProcessError):
                    while os.waitpid(-1, os.WNOHANG)[0]:
                        pass
                time.sleep(0.01)


def end(processes: Iterable[psutil.Process], *kinds: signal.Signals, patience: float) -> None:
    """Signal the processes with each of `kinds` in turn, waiting `patience` seconds for those still there."""
    left = list(processes)
    for kind in kinds:
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(kind)
        until = time.monotonic() + patience
        while left := [process for process in left if _runs(process)]:
            if time.monotonic() >= until:
                break
            psutil.wait_procs(left, timeout=0.1)
        else:
            return


def _runs(process: psutil.Process) -> bool:
    """Whether a process is there; one that has ended, and that its parent has not buried yet, is not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def orderly_ending() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into KeyboardInterrupt inside the block, so that its `finally` clauses run.

    SIGINT too, although Python does it unasked: a shell starts its background jobs with SIGINT ignored.
    A SIGHUP that was ignored on purpose (nohup) stays ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated

    before = {kind: signal.getsignal(kind) for kind in ASKING_TO_END}
    for kind, handler in before.items():
        if kind is not signal.SIGHUP or handler is not signal.SIG_IGN:
            signal.signal(kind, interrupt)
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore the signals that ask us to end: for the ending itself, which a second Ctrl-C must not break off."""
    before = {kind: signal.signal(kind, signal.SIG_IGN) for kind in ASKING_TO_END}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
