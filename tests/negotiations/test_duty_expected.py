"""The duty of Keski-Suomi 2023-2026, against an expectation that was written by hand before anything was run.

It was written from the sources of the demo and from the law, not from what the program printed:

- 2023: all that is known is a plan of 6.9.2023, so of no municipality is it known whether it was negotiated with.
  The days are the plan's: Thursdays and Fridays of weeks 35-48, week 42 off, Wednesday and Friday in week 44, the
  municipalities in alphabetical order.
- 2024: six groups were held under 6-7 §, with all 22 municipalities. 14 § was not dealt with, so the first term
  (1.3.2022-31.5.2025) rests on the plan of 2023 alone.
- 2025: nothing. The term that is shown for it is the one at its end, which began on 1.6.2025.
- 2026: the example's round of the current year, in the same groups, both duties in one sitting. Its days are relative
  to the day of loading, here 13.10.2026: three held (Luhanka stayed away from the second), one convened for that very
  day, one planned, one known to the month.
- 2027: the example's round that is being planned, with each municipality on its own and for both duties. It is of the
  same council term, in which Luhanka, which stayed away in 2026, thereby has a new time: the 13th municipality of the
  alphabet is in the 15th slot, as every sixth from the fifth on is left free (0-3, 5-9, 11-14), and the 15th slot is
  the Thursday of week 43, 28.10.2027. Whoever has been negotiated with, or is to be in 2026, stands by that.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

LOADED = datetime(2026, 10, 13, 9, 0, tzinfo=UTC)
COOPERATION, WELFARE = "611/2021-14", "612/2021-6-7"

PLANNED_2023 = {
    "Hankasalmi": "2023-08-31",
    "Joutsa": "2023-09-01",
    "Jyväskylä": "2023-09-07",
    "Jämsä": "2023-09-08",
    "Kannonkoski": "2023-09-14",
    "Karstula": "2023-09-15",
    "Keuruu": "2023-09-21",
    "Kinnula": "2023-09-22",
    "Kivijärvi": "2023-09-28",
    "Konnevesi": "2023-09-29",
    "Kyyjärvi": "2023-10-05",
    "Laukaa": "2023-10-06",
    "Luhanka": "2023-10-12",
    "Multia": "2023-10-13",
    "Muurame": "2023-10-26",
    "Petäjävesi": "2023-10-27",
    "Pihtipudas": "2023-11-01",
    "Saarijärvi": "2023-11-03",
    "Toivakka": "2023-11-09",
    "Uurainen": "2023-11-10",
    "Viitasaari": "2023-11-16",
    "Äänekoski": "2023-11-17",
}
HELD_2024 = {
    "Hankasalmi": "2024-09-26",
    "Laukaa": "2024-09-26",
    "Konnevesi": "2024-09-26",
    "Äänekoski": "2024-09-26",
    "Joutsa": "2024-10-30",
    "Luhanka": "2024-10-30",
    "Toivakka": "2024-10-30",
    "Jyväskylä": "2024-11-12",
    "Muurame": "2024-11-12",
    "Jämsä": "2024-11-13",
    "Keuruu": "2024-11-13",
    "Multia": "2024-11-13",
    "Petäjävesi": "2024-11-13",
    "Uurainen": "2024-11-13",
    "Kannonkoski": "2024-11-19",
    "Karstula": "2024-11-19",
    "Kivijärvi": "2024-11-19",
    "Kyyjärvi": "2024-11-19",
    "Saarijärvi": "2024-11-19",
    "Kinnula": "2024-11-20",
    "Pihtipudas": "2024-11-20",
    "Viitasaari": "2024-11-20",
}
# How the round of the current year stands: the day, or the month by its first and last day.
CURRENT = {
    "Hankasalmi": ("done", "2026-08-27", "2026-08-27"),
    "Laukaa": ("done", "2026-08-27", "2026-08-27"),
    "Konnevesi": ("done", "2026-08-27", "2026-08-27"),
    "Äänekoski": ("done", "2026-08-27", "2026-08-27"),
    "Joutsa": ("done", "2026-09-10", "2026-09-10"),
    "Luhanka": ("stayed_away", "2026-09-10", "2026-09-10"),
    "Toivakka": ("done", "2026-09-10", "2026-09-10"),
    "Jyväskylä": ("done", "2026-09-30", "2026-09-30"),
    "Muurame": ("done", "2026-09-30", "2026-09-30"),
    "Jämsä": ("planned", "2026-10-13", "2026-10-13"),
    "Keuruu": ("planned", "2026-10-13", "2026-10-13"),
    "Multia": ("planned", "2026-10-13", "2026-10-13"),
    "Petäjävesi": ("planned", "2026-10-13", "2026-10-13"),
    "Uurainen": ("planned", "2026-10-13", "2026-10-13"),
    "Kannonkoski": ("planned", "2026-11-05", "2026-11-05"),
    "Karstula": ("planned", "2026-11-05", "2026-11-05"),
    "Kivijärvi": ("planned", "2026-11-05", "2026-11-05"),
    "Kyyjärvi": ("planned", "2026-11-05", "2026-11-05"),
    "Saarijärvi": ("planned", "2026-11-05", "2026-11-05"),
    "Kinnula": ("planned", "2026-11-01", "2026-11-30"),
    "Pihtipudas": ("planned", "2026-11-01", "2026-11-30"),
    "Viitasaari": ("planned", "2026-11-01", "2026-11-30"),
}
IN_TERM = CURRENT | {"Luhanka": ("planned", "2027-10-28", "2027-10-28")}
ONLY_PLANNED = {name: ("not_known", day, day) for name, day in PLANNED_2023.items()}
HELD = {name: ("done", day, day) for name, day in HELD_2024.items()}
NOTHING = dict.fromkeys(PLANNED_2023, ("missing", None, None))

FIRST_TERM = ("2022-03-01", "2025-05-31")
SECOND_TERM = ("2025-06-01", "2029-05-31")

# Year → legal basis → the period and how it stands towards each municipality.
EXPECTED: dict[int, dict[str, tuple[tuple[str, str], dict[str, Any]]]] = {
    2023: {
        COOPERATION: (FIRST_TERM, ONLY_PLANNED),
        WELFARE: (("2023-01-01", "2023-12-31"), ONLY_PLANNED),
    },
    2024: {
        COOPERATION: (FIRST_TERM, ONLY_PLANNED),
        WELFARE: (("2024-01-01", "2024-12-31"), HELD),
    },
    2025: {
        COOPERATION: (SECOND_TERM, IN_TERM),
        WELFARE: (("2025-01-01", "2025-12-31"), NOTHING),
    },
    2026: {
        COOPERATION: (SECOND_TERM, IN_TERM),
        WELFARE: (("2026-01-01", "2026-12-31"), CURRENT),
    },
}
COUNTS = {
    (2023, COOPERATION): {"not_known": 22},
    (2023, WELFARE): {"not_known": 22},
    (2024, COOPERATION): {"not_known": 22},
    (2024, WELFARE): {"done": 22},
    (2025, COOPERATION): {"done": 8, "planned": 14},
    (2025, WELFARE): {"missing": 22},
    (2026, COOPERATION): {"done": 8, "planned": 14},
    (2026, WELFARE): {"done": 8, "planned": 13, "stayed_away": 1},
}
# Together with which other actors (612/2021 § 7). The source of 2024 tells head counts only; by its groups:
HEADS_2024 = {"Hankasalmi": 4, "Joutsa": 23, "Jyväskylä": 36, "Jämsä": 39, "Kannonkoski": 6, "Kinnula": 30}
# The example of 2026: two organisations and the regional council as parties, and a parish that was there.
OTHERS_2026 = {
    "Hankasalmi": "Hankasalmen seurakunta",
    "Joutsa": "Joutsan seurakunta",
    "Jyväskylä": "Jyväskylän seurakunta",
}
PARTIES_2026 = {"Keski-Suomen liitto", "Keski-Suomen Liikunta", "Keski-Suomen Yhteisöjen Tuki"}
ATTENDED_2026 = {"public": 1, "organisation": 2, "parish": 1}


def duty(year: int) -> dict[str, dict[str, Any]]:
    """Return what the command says of the county in a year, by legal basis."""
    printed = io.StringIO()
    call_command("duty", "keski-suomi", year=year, json=True, stdout=printed)
    (county,) = json.loads(printed.getvalue())["counties"]
    return {found["basis"]: found for found in county["duties"]}


@pytest.mark.django_db
def test_the_duty_of_keski_suomi_2023_to_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    """Per year and legal basis, for each of the 22 municipalities: how it stands, and when it was or is to be."""
    monkeypatch.setattr(timezone, "now", lambda: LOADED)
    call_command("load_reference", stdout=io.StringIO())
    call_command("load_demo", stdout=io.StringIO())
    for year, bases in EXPECTED.items():
        found = duty(year)
        assert list(found) == list(bases)
        for basis, (period, expected) in bases.items():
            told = found[basis]
            assert (told["from"], told["to"]) == period
            rows = {row["name"]: row for row in told["municipalities"]}
            decisive = {
                name: (row["evidence"] or [{"earliest": None, "latest": None}])[0] for name, row in rows.items()
            }
            assert {
                name: (row["standing"], decisive[name]["earliest"], decisive[name]["latest"])
                for name, row in rows.items()
            } == expected, (year, basis)
            counts = {standing: count for standing, count in told["counts"].items() if count and standing != "total"}
            assert (counts, told["counts"]["total"]) == (COUNTS[year, basis], 22)
    # A new time outweighs that it stayed away, and does not hide it.
    (luhanka,) = [row for row in duty(2026)[COOPERATION]["municipalities"] if row["name"] == "Luhanka"]
    assert (luhanka["done_on"], luhanka["stayed_away_on"]) == (None, "2026-09-10")
    for name, count in HEADS_2024.items():
        others = others_of(duty(2024)[WELFARE], name)
        assert (others["organisations"], others["attendances"]) == ([], {"organisation_or_parish": count})
    for name, parish in OTHERS_2026.items():
        others = others_of(duty(2026)[WELFARE], name)
        assert set(others["organisations"]) == PARTIES_2026 | {parish}
        assert others["attendances"] == ATTENDED_2026


def others_of(told: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the other actors of the negotiation that met the duty towards a municipality."""
    (row,) = [row for row in told["municipalities"] if row["name"] == name]
    others: dict[str, Any] = row["evidence"][0]["others"]
    return others
