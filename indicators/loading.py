"""Loading that can be repeated: the catalogue of indicators, and figures from files; only what differs is written."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.db import models, transaction

from indicators.importing import Row, Tally, add_to_run
from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorSetItem

DATA = Path(__file__).resolve().parent / "data"

# The day on which the figures were written into data/values.csv. When Sotkanet gave them is not known, which is why
# the label of the import tells that this is the day of the file.
VALUES_RETRIEVED_ON = date(2026, 11, 22)
VALUES_LABEL = "Keski-Suomen ja Keski-Uudenmaan kunnat 2000–2022, koottu tiedostoon 22.11.2026"
LICENCE = "CC BY 4.0"
# The form of citation that THL asks for; filled in by figures.citation().
SOTKANET_CITATION = (
    "Tilasto- ja indikaattoripankki Sotkanet. Terveyden ja hyvinvoinnin laitos. "
    "{title} (ind. {number}). Viitattu {date}."
)

# What a demo county shows beside its rounds: living conditions first, then the three priorities, by Sotkanet's id.
ROUND_SET = ("Kierroksen tunnusluvut", "2024")
ROUND_INDICATORS = (127, 761, 181, 3099, 3195, 328, 292, 4284, 3959, 1086, 3905, 4445)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of one of our own data files (comma, UTF-8) by the names in its first line."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def bring_up_to_date(
    manager: models.Manager[Any],
    key: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    *,
    once: Collection[str] = (),
) -> Tally:
    """Make the table hold these rows, known by their key; rows of others are let be.

    The fields in `once` are given when a row is made and never again: what a person may have changed since is theirs.
    One query reads, one adds and one changes, however many rows there are.
    """
    wanted = {tuple(row[name] for name in key): row for row in rows}
    present = {
        tuple(getattr(instance, name) for name in key): instance
        for instance in manager.filter(**{f"{key[0]}__in": {values[0] for values in wanted}})
    }
    added = [manager.model(**row) for values, row in wanted.items() if values not in present]
    changed, names = [], set()
    for values, row in wanted.items():
        if (instance := present.get(values)) is None:
            continue
        differing = [name for name in row if name not in once and getattr(instance, name) != row[name]]
        for name in differing:
            setattr(instance, name, row[name])
        if differing:
            changed.append(instance)
            names.update(differing)
    manager.bulk_create(added, batch_size=1000)
    if changed:
        manager.bulk_update(changed, sorted(names), batch_size=500)
    return Tally(len(added), len(changed), len(wanted) - len(added) - len(changed))


def load_catalogue() -> Tally:
    """Load the national indicators. Theme, polarity and decimals are a proposal of ours, so they are set only once."""
    rows = [
        {
            "sotkanet_id": int(row["sotkanet_id"]),
            "theme": row["theme"],
            "polarity": row["polarity"],
            "unit": row["unit"],
            "decimals": int(row["decimals"]),
            "survey": row["survey"],
            "name_fi": row["name_fi"],
            "name_sv": row["name_sv"],
            "name_en": row["name_en"],
            "producer": row["producer"],
        }
        for row in read_csv(DATA / "catalogue.csv")
    ]
    return bring_up_to_date(Indicator.objects, ["sotkanet_id"], rows, once={"theme", "polarity", "decimals"})


@transaction.atomic
def load_indicator_sets() -> Tally:
    """Load the national sets. One that is there is history: only what it is said to rest on is brought up to date.

    The catalogue must be there: raises KeyError for an indicator that is not.
    """
    indicators = Indicator.objects.in_bulk(field_name="sotkanet_id")
    numbers: dict[str, list[int]] = defaultdict(list)
    for row in read_csv(DATA / "set_indicators.csv"):
        numbers[row["set"]].append(int(row["sotkanet_id"]))
    present = {(one.name, one.version): one for one in IndicatorSet.objects.filter(owner=None)}
    added = changed = unchanged = 0
    for row in read_csv(DATA / "sets.csv"):
        there = present.get((row["name"], row["version"]))
        if there is None:
            made = IndicatorSet.objects.create(name=row["name"], version=row["version"], basis=row["basis"])
            IndicatorSetItem.objects.bulk_create(
                IndicatorSetItem(indicator_set=made, indicator=indicators[number], position=position)
                for position, number in enumerate(numbers[row["key"]], start=1)
            )
            added += 1
        elif there.basis != row["basis"]:
            there.basis = row["basis"]
            there.save(update_fields=["basis"])
            changed += 1
        else:
            unchanged += 1
    return Tally(added, changed, unchanged)


@transaction.atomic
def load_values() -> Tally:
    """Load the real figures of the municipalities of Keski-Suomi and Keski-Uusimaa.

    The catalogue and the areas must be there: raises KeyError for one that is not.
    """
    indicators = dict(Indicator.objects.filter(owner=None).values_list("sotkanet_id", "pk"))
    areas = dict(Area.objects.filter(kind=Area.Kind.MUNICIPALITY).values_list("code", "pk"))
    run, _new = ImportRun.objects.get_or_create(
        source=ImportRun.Source.SOTKANET,
        label=VALUES_LABEL,
        defaults={
            "retrieved_on": VALUES_RETRIEVED_ON,
            "licence": LICENCE,
            "citation": SOTKANET_CITATION,
        },
    )
    return add_to_run(
        run,
        [
            Row(
                indicators[int(row["sotkanet_id"])],
                areas[row["municipality"]],
                int(row["year"]),
                float(row["value"]),
                float(row["absolute"]) if row["absolute"] else None,
            )
            for row in read_csv(DATA / "values.csv")
        ],
    )


@transaction.atomic
def load_round_set(county: Area) -> IndicatorSet:
    """Return the county's set of figures for its rounds; made with our proposal, then the county's to edit."""
    name, version = ROUND_SET
    indicator_set, new = IndicatorSet.objects.get_or_create(owner=county, name=name, version=version)
    if new:
        indicators = Indicator.objects.in_bulk(ROUND_INDICATORS, field_name="sotkanet_id")
        IndicatorSetItem.objects.bulk_create(
            IndicatorSetItem(indicator_set=indicator_set, indicator=indicators[number], position=position)
            for position, number in enumerate(ROUND_INDICATORS, start=1)
        )
    return indicator_set
