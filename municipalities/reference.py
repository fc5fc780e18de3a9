"""Reference data: the country's areas, municipalities and counties, HUS, and the terms of the councils.

Loaded from the files in `municipalities/data/`. Loading again changes only what differs, and never what a county may
have chosen for itself.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from django.db import transaction
from django_scopes import scopes_disabled

from indicators.loading import Tally, bring_up_to_date, load_catalogue, load_indicator_sets, read_csv
from indicators.models import Area
from municipalities.models import CouncilTerm, County, Municipality, Organisation, Sector

DATA = Path(__file__).resolve().parent / "data"
HUS = "HUS-yhtymä"

# What a county decides for itself: given when it is made, never touched again.
CHOSEN_BY_COUNTY = frozenset({"slug", "languages", "short_name", "website", "negotiation_word", "colour"})
# Areas by kind and code, as ids.
Places = dict[tuple[str, str], int]


@transaction.atomic
def load_reference() -> dict[str, Tally]:
    """Bring all reference data up to date, and tell for each kind how many rows that took."""
    with scopes_disabled():
        return {
            "areas": _load_regions() + _load_municipal_areas() + _load_predecessors(),
            "counties": _load_counties(),
            "municipalities": _load_municipalities(),
            "organisations": _load_hus(),
            "council terms": _load_council_terms(),
            "indicators": load_catalogue(),
            "indicator sets": load_indicator_sets(),
        }


def _places() -> Places:
    return {(kind, code): pk for kind, code, pk in Area.objects.values_list("kind", "code", "pk")}


def _parent(places: Places, code: str) -> int:
    """Return the county, self-organising city or autonomous region of this code; they share one series of codes."""
    kinds = (Area.Kind.COUNTY, Area.Kind.CITY_ORGANISER, Area.Kind.AUTONOMOUS)
    return next(places[kind, code] for kind in kinds if (kind, code) in places)


def _load_regions() -> Tally:
    """The whole country, the counties, Helsinki as an organiser of services, and Åland."""
    rows = [{**row, "sotkanet_id": int(row["sotkanet_id"])} for row in read_csv(DATA / "areas.csv")]
    key = ("kind", "code")
    country = [row for row in rows if row["kind"] == Area.Kind.COUNTRY]
    tally = bring_up_to_date(Area.objects, key, country)
    top = _places()[Area.Kind.COUNTRY, str(country[0]["code"])]
    others = [{**row, "parent_id": top} for row in rows if row["kind"] != Area.Kind.COUNTRY]
    return tally + bring_up_to_date(Area.objects, key, others)


def _load_municipal_areas() -> Tally:
    places = _places()
    rows = [
        {
            "kind": Area.Kind.MUNICIPALITY,
            "code": row["code"],
            "name_fi": row["name_fi"],
            "name_sv": row["name_sv"],
            "parent_id": _parent(places, row["parent"]),
            "sotkanet_id": int(row["sotkanet_id"]),
        }
        for row in read_csv(DATA / "municipalities.csv")
    ]
    return bring_up_to_date(Area.objects, ("kind", "code"), rows)


def _load_predecessors() -> Tally:
    """Municipalities that are no more, each pointing at the one it became part of."""
    present = {area.code: area for area in Area.objects.filter(kind=Area.Kind.MUNICIPALITY)}
    rows = [
        {
            "kind": Area.Kind.MUNICIPALITY,
            "code": row["code"],
            "name_fi": row["name_fi"],
            "name_sv": row["name_sv"],
            "parent_id": present[row["merged_into"]].parent_id,
            "valid_to": date.fromisoformat(row["valid_to"]),
            "merged_into_id": present[row["merged_into"]].pk,
        }
        for row in read_csv(DATA / "predecessors.csv")
    ]
    return bring_up_to_date(Area.objects, ("kind", "code"), rows)


def _load_counties() -> Tally:
    places = _places()
    rows = []
    for row in read_csv(DATA / "counties.csv"):
        chosen = {name: row[name] for name in ("short_name", "website", "negotiation_word", "colour") if row[name]}
        rows.append(
            {
                "area_id": places[Area.Kind.COUNTY, row["code"]],
                "slug": row["slug"],
                "languages": row["languages"].split(),
                **chosen,
            }
        )
    return bring_up_to_date(County.objects, ["area_id"], rows, once=CHOSEN_BY_COUNTY)


def _load_municipalities() -> Tally:
    """The municipalities of today. Åland's and Helsinki have no county in the sense of the law (612/2021)."""
    places = _places()
    counties = dict(County.objects.values_list("area__code", "pk"))
    rows = [
        {
            "area_id": places[Area.Kind.MUNICIPALITY, row["code"]],
            "county_id": counties.get(row["parent"]),
            "language_status": row["language_status"],
            "population": int(row["population"]),
        }
        for row in read_csv(DATA / "municipalities.csv")
    ]
    return bring_up_to_date(Municipality.objects, ["area_id"], rows)


def _load_hus() -> Tally:
    """HUS, the joint authority that the four counties of Uusimaa negotiate with apart."""
    served = {row["code"] for row in read_csv(DATA / "counties.csv") if row["hus"] == "yes"}
    rows = [
        {"county_id": pk, "name": HUS, "sector": Sector.PUBLIC}
        for pk in County.objects.filter(area__code__in=served).values_list("pk", flat=True)
    ]
    return bring_up_to_date(Organisation.objects, ("county_id", "name"), rows, once={"sector"})


def _load_council_terms() -> Tally:
    rows = [
        {
            "body": row["body"],
            "starts_on": date.fromisoformat(row["starts_on"]),
            "ends_on": date.fromisoformat(row["ends_on"]),
        }
        for row in read_csv(DATA / "council_terms.csv")
    ]
    return bring_up_to_date(CouncilTerm.objects, ("body", "starts_on"), rows)
