"""A municipality's figures on its page and as a file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from indicators.importing import Row, write_values
from indicators.models import ImportRun, Indicator, IndicatorSet, IndicatorSetItem
from municipalities.models import County, Municipality, User


def test_a_survey_figure_of_the_county_alone_is_shown_as_the_county_s(
    keski_suomi: County, hankasalmi: Municipality, coordinator: User, client_for: Callable[..., Client]
) -> None:
    chosen = IndicatorSet.objects.create(name="Joukko", version="1", owner=keski_suomi.area)
    own, survey = (
        Indicator.objects.create(name_fi=name, theme=name, unit="PERCENT", decimals=1, survey=kind)
        for name, kind in (("Oma", ""), ("Kysely", Indicator.Survey.ADULT))
    )
    for place, row in enumerate((own, survey), start=1):
        IndicatorSetItem.objects.create(indicator_set=chosen, indicator=row, position=place)
    run = ImportRun.objects.create(source="sotkanet", label="x", retrieved_on=date(2026, 1, 1))
    write_values(
        run,
        [
            Row(own.pk, hankasalmi.area_id, 2019, 5.0),
            Row(own.pk, hankasalmi.area_id, 2023, 7.5),
            Row(survey.pk, keski_suomi.area_id, 2024, 33.3),
        ],
    )
    County.objects.filter(pk=keski_suomi.pk).update(indicator_set=chosen, baseline_year=2019)
    client = client_for(coordinator)
    address = f"/keski-suomi/kunnat/{hankasalmi.area.code}/"
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address)
    assert len(queries) <= 15
    text = page.content.decode()
    assert "33,3" in text and "alueen luku" in text and "Muutos lähtövuodesta" in text
    assert f"/tunnusluvut/{own.pk}/?kunta={hankasalmi.area.code}" in text
    assert [theme for theme, _rows in page.context["themes"]] == ["Oma", "Kysely"]
    by_name = client.get(f"{address}?jarjesta=tunnusluku").context["themes"]
    assert [(theme, [row.measure.name for row in rows]) for theme, rows in by_name] == [("", ["Kysely", "Oma"])]
    file = client.get(f"{address}?vie=csv").content.decode("utf-8-sig").splitlines()
    assert file[1].startswith('"Oma";"Oma";"7,5"') and "2019" in file[1] and "alueen luku" in file[2].lower()
    assert client.get(f"{address}?vie=xlsx").status_code == 200
