"""Finnish hyphenation for the layout engine, whose dictionaries know some fifty languages but not Finnish."""

from __future__ import annotations

from pathlib import Path

import pyphen

PATTERNS = Path(__file__).with_name("hyph_fi.dic")


def install_finnish() -> None:
    """Let `hyphens: auto` work in Finnish text."""
    pyphen.LANGUAGES["fi"] = PATTERNS
    pyphen.LANGUAGES_LOWERCASE["fi"] = "fi"
