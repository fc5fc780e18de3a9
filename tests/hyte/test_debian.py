"""What Debian must give is looked for, and named in one line where it cannot be installed."""

import subprocess

import pytest

from hyte import debian


def test_what_is_there_is_not_asked_for() -> None:
    there = {"python3": (debian.has_module, "sys"), "libc6": (debian.has_library, "libc.so.6")}
    absent = {
        "library": (debian.has_library, "libnonsense.so.9"),
        "program": (debian.has_program, "no-such-program"),
        "module": (debian.has_module, "no_such_module"),
    }
    assert debian.missing({**there, "sh": (debian.has_program, "sh")}) == []
    assert debian.missing({**there, **absent}) == ["library", "program", "module"]


def test_without_the_rights_one_line_names_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "TO_RUN", {"redis-server": (lambda _name: False, "")})
    monkeypatch.setattr(debian, "TO_TEST", {"chromium": (lambda _name: False, "")})
    monkeypatch.setattr(debian, "rights", lambda: None)
    assert debian.main("run") == "Missing Debian packages; install them with: sudo apt-get install redis-server"
    assert str(debian.main("test")).endswith("install redis-server chromium")


def test_rights_are_root_or_sudo_that_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian.shutil, "which", lambda name: name)
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)
    for code, expected in ((0, ["sudo", "-n"]), (1, None)):
        done: subprocess.CompletedProcess[str] = subprocess.CompletedProcess([], code)
        monkeypatch.setattr(debian.subprocess, "run", lambda *_, _done=done, **__: _done)
        assert debian.rights() == expected
    monkeypatch.setattr(debian.os, "geteuid", lambda: 0)
    assert debian.rights() == []
    monkeypatch.setattr(debian.shutil, "which", lambda _name: None)
    assert debian.rights() is None
