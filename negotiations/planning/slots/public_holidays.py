"""Finland's public holidays, with their names in the language in use.

Midsummer Eve and Christmas Eve are among them: the Annual Holidays Act (162/2005, 4 §) counts them with the holidays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from django.utils.translation import get_language

# The language of the site → the names of the package.
NAMES = {"fi": "fi", "sv": "sv_FI", "en": "en_US"}


def is_public_holiday(day: date) -> bool:
    """Return whether nobody is expected to negotiate on the day."""
    return day in _of_year(day.year, "fi")


def holiday_name(day: date) -> str:
    """Return the name as it stands in a sentence: "itsenäisyyspäivä"; nothing on other days."""
    language = (get_language() or "fi")[:2]
    name = _of_year(day.year, language if language in NAMES else "fi").get(day, "")
    # In Finnish and in Swedish the names are common nouns.
    return name if language == "en" else name[:1].lower() + name[1:]


@lru_cache(maxsize=256)
def _of_year(year: int, language: str) -> Mapping[date, str]:
    # Takes a while to load, and every start of a process would wait for it.
    import holidays

    of_finland = holidays.country_holidays("FI", years=year, language=NAMES[language])
    return {day: name.replace("; ", ", ") for day, name in of_finland.items()}
