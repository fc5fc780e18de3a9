"""Two counties asked in turn from one process: no page, list or form of one shows anything of the other."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse
from django_scopes import get_scope, scope

from municipalities.models import County, Municipality, Sector, User
from negotiations.demo.building import organisation
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.models import Measure, Observation, Party, RoundStage, ThemeColumn, WorkshopTheme
from negotiations.reporting.board import freeze, open_summary
from tests.factories import make_held, make_round
from tests.negotiations.test_checking import later
from tests.pages.test_views import TABS


def build(county: County, municipality: Municipality, by: User, token: str) -> list[str]:
    """Fill a county with rows whose texts bear its token; return the addresses that show them."""
    with scope(county=county):
        round_ = make_round(county, name=f"Kierros {token}", description=f"Kuvaus {token}")
        negotiation = make_held(round_, [municipality], by=by, title=f"Neuvottelu {token}", place=f"Paikka {token}")
        Party.objects.create(
            county=county,
            negotiation=negotiation,
            organisation=organisation(county, f"Yhdistys {token}", Sector.ORGANISATION),
        )
        RoundStage.objects.create(county=county, round=round_, position=1, name=f"Vaihe {token}", body=f"Taho {token}")
        theme = WorkshopTheme.objects.create(county=county, round=round_, position=1, name=f"Teema {token}")
        column = ThemeColumn.objects.create(county=county, theme=theme, position=1, title=f"Sarake {token}")
        Observation.objects.create(county=county, column=column, position=1, text=f"Havainto {token}")
        Measure.objects.create(
            county=county,
            round=round_,
            negotiation=negotiation,
            text=f"Toimenpide {token}",
            responsible_sector=Sector.COUNTY,
            responsible=f"Taho {token}",
        )
        (minutes,) = open_minutes(negotiation, by=by)
        send_for_checking(minutes, check_by=later(), by=by)
        minutes.refresh_from_db()
        summary = freeze(open_summary(round_, by=by), by=by)
    own = {"county": county.slug}
    return [
        *(reverse(name, kwargs=own) for name in ("county_home", "rounds", "municipalities", "documents", "summaries")),
        *(
            reverse(name, kwargs=own | {"pk": round_.pk})
            for name in ("round", "round_schedule", "round_year", "round_groups", "round_workshops")
        ),
        *(reverse(name, kwargs=own) for name in ("measures", "negotiations", "duty")),
        # Words that the rows of both counties have: each finds its own only.
        reverse("search", kwargs=own) + "?q=Neuvottelu+or+Toimenpide",
        *(reverse(name, kwargs=own | {"pk": negotiation.pk}) for name in TABS),
        reverse("municipality", kwargs=own | {"code": municipality.area.code}),
        reverse("document", kwargs=own | {"pk": minutes.document_id}),
        reverse("summary", kwargs=own | {"pk": summary.pk}),
    ]


def test_nothing_of_one_county_is_shown_in_the_other(
    keski_suomi: County,
    keski_uusimaa: County,
    hankasalmi: Municipality,
    mantsala: Municipality,
    coordinator: User,
    outsider: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """Every page of each, one after the other, twice over; each shows its own and only its own."""
    sides = [
        (client_for(coordinator), build(keski_suomi, hankasalmi, coordinator, "XQALFA"), "XQALFA", "XQBEETA"),
        (client_for(outsider), build(keski_uusimaa, mantsala, outsider, "XQBEETA"), "XQBEETA", "XQALFA"),
    ]
    shown = {"XQALFA": 0, "XQBEETA": 0}
    for turn in range(2):
        for pages in zip(
            *([(client, path, own, other) for path in paths] for client, paths, own, other in sides), strict=True
        ):
            for client, path, own, other in pages:
                response = client.get(path)
                assert response.status_code == 200, path
                text = response.content.decode()
                assert other not in text, f"{path} shows the other county (turn {turn})"
                shown[own] += own in text
    # Most pages do show their own rows, so that the assertion above could have failed.
    assert min(shown.values()) >= 2 * 8
    assert get_scope() == {}


def test_the_scope_ends_with_the_request(
    coordinator: User, client_for: Callable[[User | None], Client], keski_suomi: County
) -> None:
    """Also when the page fails."""
    client = client_for(coordinator)
    assert client.get(reverse("round", kwargs={"county": "keski-suomi", "pk": 999_999})).status_code == 404
    assert get_scope() == {}
