"""The check of the catalogues finds each way of being incomplete."""

import gettext
from pathlib import Path

import polib
import pytest

from hyte import translations
from hyte.translations import hidden_messages


@pytest.fixture
def locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a complete catalogue of two messages in each language."""
    wanted = {("", word): polib.POEntry(msgid=word) for word in ("round", "minutes")}
    monkeypatch.setattr(translations, "_messages_in_sources", lambda: wanted)
    monkeypatch.setattr(translations, "hidden_messages", list)
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


def test_a_message_that_extraction_does_not_see_is_told(
    locale: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an f-string it is found by nobody, unless it stands elsewhere too."""
    source = tmp_path / "hyte" / "pages.py"
    source.parent.mkdir()
    source.write_text(
        'seen = _("round")\n'
        'plain = f"{seen}: {len(seen)}"\n'
        "elsewhere = f\"{_('round')}: {seen}\"\n"
        "hidden = (\n    f\"{ngettext('card', 'cards', 2)} {pgettext('of a map', 'place')}\"\n)\n"
    )
    hidden = hidden_messages(tmp_path)
    assert hidden == [("hyte/pages.py:3", "round"), ("hyte/pages.py:5", "card"), ("hyte/pages.py:5", "place")]
    monkeypatch.setattr(translations, "hidden_messages", lambda: hidden)
    assert translations.shortcomings(locale) == [
        "hyte/pages.py:5: in an f-string, where it is not found: 'card'",
        "hyte/pages.py:5: in an f-string, where it is not found: 'place'",
    ]
