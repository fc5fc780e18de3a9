"""Compiles the message catalogues, and proves that they are complete.

python -m hyte.translations compile|check
"""

import ast
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

BASE_DIR = Path(__file__).resolve().parent.parent
LOCALE = BASE_DIR / "locale"
SOURCES = ("hyte", "indicators", "municipalities", "negotiations", "templates", "static")
# English is the language of the code; it needs no catalogue.
LANGUAGES = ("fi", "sv")


def catalogue(locale: Path, language: str, domain: str = "django") -> Path:
    """Return the path of a catalogue."""
    return locale / language / "LC_MESSAGES" / f"{domain}.po"


def compile_catalogues(locale: Path = LOCALE) -> None:
    """Write the .mo beside each .po that is newer."""
    for source in sorted(locale.rglob("*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))


def shortcomings(locale: Path = LOCALE) -> list[str]:
    """Return a line for each message that lacks a translation, has an unsure one, or is not in the catalogue."""
    wanted = _messages_in_sources()
    known = {msgid for _context, msgid in wanted}
    found = [
        f"{place}: in an f-string, where it is not found: {msgid!r}"
        for place, msgid in hidden_messages()
        if msgid not in known
    ]
    for language in LANGUAGES:
        path = catalogue(locale, language)
        if not path.exists():
            found.append(f"{path} is missing")
            continue
        entries = {_key(entry): entry for entry in polib.pofile(str(path)) if not entry.obsolete}
        name = f"{language}/{path.name}"
        found += [f"{name}: not in the catalogue: {key[1]!r}" for key in sorted(wanted.keys() - entries.keys())]
        found += [f"{name}: no longer used: {key[1]!r}" for key in sorted(entries.keys() - wanted.keys())]
        for entry in entries.values():
            if entry.fuzzy:
                found.append(f"{name}: unsure (fuzzy): {entry.msgid!r}")
            elif not entry.translated():
                found.append(f"{name}: not translated: {entry.msgid!r}")
    return found


def hidden_messages(root: Path = BASE_DIR) -> list[tuple[str, str]]:
    """Return the messages inside f-strings, each with its place: xgettext does not see them there."""
    found = []
    for name in SOURCES:
        for path in sorted((root / name).rglob("*.py")):
            for text in ast.walk(ast.parse(path.read_text())):
                if isinstance(text, ast.JoinedStr):
                    place = f"{path.relative_to(root)}:{text.lineno}"
                    found += [(place, msgid) for call in ast.walk(text) if (msgid := _message_of(call))]
    return found


def _message_of(node: ast.AST) -> str | None:
    """Return the message that a call marks; None where it marks none."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
        return None
    marks = node.func.id == "_" or "gettext" in node.func.id
    message = node.args["pgettext" in node.func.id]
    return str(message.value) if marks and isinstance(message, ast.Constant) else None


def _messages_in_sources() -> dict[tuple[str, str], polib.POEntry]:
    """Extract the messages afresh, the way makemessages does, from a copy of the sources without catalogues."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch)
        for name in SOURCES:
            if (BASE_DIR / name).is_dir():
                shutil.copytree(BASE_DIR / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        (copy / "locale").mkdir()
        command = [sys.executable, "-m", "django", "makemessages", "--keep-pot", "--locale", "fi", "--no-location"]
        # Without settings: the command then looks at nothing but the folder it runs in.
        done = subprocess.run(command, cwd=copy, env={"PATH": _path()}, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"makemessages failed:\n{done.stdout}{done.stderr}")
        return {_key(entry): entry for entry in polib.pofile(str(copy / "locale" / "django.pot"))}


def _path() -> str:
    gettext = shutil.which("xgettext")
    if gettext is None:
        raise RuntimeError("xgettext is not installed; it is in Debian's package gettext.")
    return f"{Path(gettext).parent}:/usr/bin:/bin"


def _key(entry: polib.POEntry) -> tuple[str, str]:
    return entry.msgctxt or "", entry.msgid


def main(action: str) -> str | None:
    """Compile or check; return what is wrong."""
    if action == "compile":
        compile_catalogues()
        return None
    return "\n".join(shortcomings()) or None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
