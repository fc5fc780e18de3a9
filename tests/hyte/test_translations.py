"""The check of the catalogues finds each way of being incomplete."""

import gettext
from pathlib import Path

import polib
import pytest

from hyte import translations


@pytest.fixture
def locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a complete catalogue of two messages in each language."""
    wanted = {("", word): polib.POEntry(msgid=word) for word in ("round", "minutes")}
    monkeypatch.setattr(translations, "_messages_in_sources", lambda: wanted)
    for language in translations.LANGUAGES:
        path = translations.catalogue(tmp_path, language)
        path.parent.mkdir(parents=True)
        file = polib.POFile()
        file.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
        file.extend(polib.POEntry(msgid=msgid, msgstr=f"{msgid} å") for _context, msgid in wanted)
        file.save(str(path))
    return tmp_path


def test_a_complete_catalogue_is_fine(locale: Path) -> None:
    assert translations.shortcomings(locale) == []


def test_each_shortcoming_is_told(locale: Path) -> None:
    path = translations.catalogue(locale, "sv")
    file = polib.pofile(str(path))
    file[0].msgstr = ""
    file[1].flags.append("fuzzy")
    file.append(polib.POEntry(msgid="gone", msgstr="borta"))
    file.save()
    translations.catalogue(locale, "fi").unlink()
    assert translations.shortcomings(locale) == [
        f"{translations.catalogue(locale, 'fi')} is missing",
        "sv/django.po: no longer used: 'gone'",
        "sv/django.po: not translated: 'round'",
        "sv/django.po: unsure (fuzzy): 'minutes'",
    ]


def test_a_message_that_the_catalogue_lacks_is_told(locale: Path) -> None:
    path = translations.catalogue(locale, "fi")
    file = polib.pofile(str(path))
    del file[0]
    file.save()
    assert translations.shortcomings(locale) == ["fi/django.po: not in the catalogue: 'round'"]


def test_compiling_makes_what_gettext_reads(locale: Path) -> None:
    translations.compile_catalogues(locale)
    with translations.catalogue(locale, "fi").with_suffix(".mo").open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("round") == "round å"


def test_the_messages_of_code_and_templates_are_found() -> None:
    found = {msgid for _context, msgid in translations._messages_in_sources()}
    assert "Finnish" in found  # hyte/settings.py
    assert len(found) > 100
