"""A round of the present year in Keski-Suomi, half done, so that a coordinator has something to do.

An example: its content is made up, and it says so. The days are relative to the day it is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from indicators.loading import load_round_set
from municipalities.models import CouncilTerm, County, Municipality, MunicipalityGroup, Priority, Sector, User
from negotiations.demo.building import (
    Item,
    PartText,
    add_attendance,
    add_parties,
    add_parts,
    moment,
    municipalities_of,
    name_checkers,
    organisation,
    priorities_of,
    weekday_before,
    weekday_near,
)
from negotiations.demo.keski_suomi_2024 import GROUPS, group_name
from negotiations.minutes.checking import mark, open_minutes, publish, send_for_checking
from negotiations.minutes.composing import request_minutes_document
from negotiations.minutes.signing import sign_all
from negotiations.models import (
    AgendaItem,
    Attendance,
    LegalBasis,
    Measure,
    MinutesAttachment,
    Negotiation,
    Observation,
    Party,
    Round,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.planning.stages.approving import Approval, approve
from negotiations.planning.stages.keeping import add_from_template, mark_done
from negotiations.planning.stages.templates import AUTUMN
from negotiations.reporting.board import open_summary
from negotiations.sitting.conduct import convene, hold

PREFIX = "Hytetu-neuvottelut"
PLACE = "Keski-Suomen hyvinvointialue"

COOPERATION = (
    Item(
        "Uuden valtuustokauden yhteiset tavoitteet",
        "Kuntien ja hyvinvointialueen valtuustokausi alkoi 1.6.2025. Hyvinvointialuelain 14 §:n mukaan jokaisen kunnan kanssa "
        "on neuvoteltava vähintään kerran valtuustokaudessa.",
        "Kunnat pitivät tärkeänä, että tavoitteita on vähän ja että niillä on mittarit.",
        "Yhteisiä tavoitteita on enintään kolme, ja jokaisella on vähintään yksi seurantaindikaattori.",
    ),
    Item(
        "Yhdyspinnat: sivistys, työllisyys, kotoutuminen ja varautuminen",
        "Työllisyyspalvelut siirtyivät kunnille vuoden 2025 alussa.",
        "Keskusteltiin nuorten siirtymistä perusopetuksesta toiselle asteelle sekä työllisyysalueiden ja sosiaalipalvelujen "
        "yhteistyöstä.",
        "Nuorten siirtymävaiheen vastinparit nimetään kunnittain.",
        "Yksi kunta katsoi, että vastinparit tulisi nimetä kuntaryhmittäin eikä kunnittain.",
    ),
    Item(
        "Tiedonkulku ja yhteinen tietopohja",
        "Kuntakortti on käytössä kolmatta vuotta.",
        "Toivottiin, että tieto palvelupisteiden muutoksista saadaan ennen kuin se on julkinen.",
        "Palvelumuutoksista kerrotaan kunnille ennakolta kuntakokouksessa.",
    ),
)

WELFARE = (
    Item(
        "Tilannekatsaus kuntakorttien pohjalta",
        "Kuntaryhmän nostot oli lähetetty osallistujille viikkoa ennen neuvottelua.",
        "Nuorten ahdistuneisuus ja yksinäisyys nousivat esiin kaikissa kunnissa. Ikääntyneiden kaatumiset huolestuttavat.",
        "Painopisteissä keskitytään nuorten mielen hyvinvointiin ja kaatumisten ehkäisyyn.",
    ),
    Item(
        "Tavoitteet ja toimenpiteet",
        "Toimenpiteistä sovitaan niin, että jokaisella on vastuutaho ja määräaika.",
        "Järjestöt kertoivat kohtaamispaikoistaan ja seurakunnat nuorten iltatoiminnastaan.",
        "Sovittiin alla olevista toimenpiteistä.",
    ),
    Item(
        "Seuranta",
        "Toimenpiteiden tilanne raportoidaan vuosittain kuntakokoukselle.",
        "",
        "Tilanne käydään läpi ensi vuoden neuvottelussa.",
    ),
)

# Before the sitting: who presents the items of each part, and for how long.
PRESENTERS = {
    LegalBasis.COOPERATION: "yhteiskuntasuhteiden päällikkö",
    LegalBasis.WELFARE: "hyte-koordinaattori",
}
PLANNED_MINUTES = (30, 45, 30)

OPENED = {
    LegalBasis.COOPERATION: "Puheenjohtaja avasi hyvinvointialuelain 14 §:n mukaisen neuvottelun ja totesi osallistujat.",
    LegalBasis.WELFARE: "Puheenjohtaja avasi järjestämislain 6–7 §:n mukaisen hyte-neuvottelun. Järjestöjen ja seurakuntien "
    "edustajat liittyivät neuvotteluun.",
}
CLOSED = {
    LegalBasis.COOPERATION: "Puheenjohtaja päätti hyvinvointialuelain 14 §:n mukaisen neuvottelun.",
    LegalBasis.WELFARE: "Puheenjohtaja päätti järjestämislain 6–7 §:n mukaisen hyte-neuvottelun.",
}


@dataclass(frozen=True)
class Stage:
    """How far a negotiation of the round is, and when it is or was held."""

    days_from_today: int
    state: str  # published, checked, checking, draft, convened, planned or month
    stayed_away: str = ""


# Which of the usual stages is late once its months are past: the reports have not all been delivered.
LATE = 1

# In the order of the groups of 2024, which the county has kept.
STAGES = (
    Stage(-47, "published"),
    Stage(-33, "checking", stayed_away="Luhanka"),
    Stage(-13, "draft"),
    Stage(0, "convened"),
    Stage(23, "planned"),
    Stage(40, "month"),
)


def load(county: County, *, by: User, today: date) -> None:
    """Enter the round, unless one that was loaded earlier is there."""
    if Round.objects.filter(county=county, year__gte=2025, name__startswith=PREFIX).exists():
        return
    term = CouncilTerm.objects.get(body=CouncilTerm.Body.COUNTY, starts_on=date(2025, 6, 1))
    priorities = priorities_of(county, starts_on=term.starts_on, ends_on=term.ends_on, origin="Esimerkki")
    round_ = Round.objects.create(
        county=county,
        year=today.year,
        name=f"{PREFIX} {today.year}",
        form=Round.Form.GROUPS,
        legal_bases=[LegalBasis.COOPERATION, LegalBasis.WELFARE],
        starts_on=today + timedelta(days=STAGES[0].days_from_today),
        ends_on=today + timedelta(days=STAGES[-1].days_from_today + 30),
        term=term,
        indicator_set=load_round_set(county.area),
        description="Esimerkki: kierroksen sisältö on keksitty esittelyä varten.",
    )
    county.indicator_set = round_.indicator_set
    county.save(update_fields=["indicator_set"])
    _add_theme(round_)
    by_name = municipalities_of(county)
    others = [
        organisation(county, "Keski-Suomen liitto", Sector.PUBLIC),
        organisation(county, "Keski-Suomen Liikunta", Sector.ORGANISATION),
        organisation(county, "Keski-Suomen Yhteisöjen Tuki", Sector.ORGANISATION),
    ]
    for position, (stage, (_day, names, _counts)) in enumerate(zip(STAGES, GROUPS, strict=True), start=1):
        members = [by_name[name] for name in names]
        group = MunicipalityGroup.objects.create(
            county=county, year=today.year, name=group_name(names), position=position
        )
        group.municipalities.set(members)
        negotiation = _plan(round_, group, stage, today=today)
        add_parties(negotiation, members, others)
        add_parts(negotiation, _texts(held=stage.days_from_today < 0))
        if stage.state not in {"planned", "month"}:
            convene(negotiation, by=by, at=moment(negotiation.earliest - timedelta(days=42), 9))
        if stage.state == "convened":
            _enter_people(negotiation, members, status=Attendance.Status.INVITED)
        if stage.days_from_today < 0:
            _hold(negotiation, members, stage, by=by, priorities=priorities)
            _minute(negotiation, stage, by=by)
    open_summary(round_, by=by)
    _add_year(round_, by=by, today=today)


def _add_year(round_: Round, *, by: User, today: date) -> None:
    """Add the usual stages of the year: what is past has been done, but for one stage that is late."""
    began = moment(round_.starts_on - timedelta(days=150), 9)
    for place, stage in enumerate(add_from_template(round_, AUTUMN, by=by, at=began)):
        if stage.latest is not None and stage.latest < today and place != LATE:
            done_on = weekday_before(stage.latest)
            mark_done(stage, on=done_on, by=by, at=moment(done_on, 14))
    decided_on = weekday_before(round_.starts_on - timedelta(days=60))
    approve(round_, Approval("Aluehallitus", decided_on, "123"), by=by, at=moment(decided_on, 15))


def _add_theme(round_: Round) -> None:
    theme = WorkshopTheme.objects.create(
        county_id=round_.county_id, round=round_, position=1, name="Nuorten mielen hyvinvointi"
    )
    for position, title in enumerate(("Ilmiöt ja tavoitteet", "Yhteistyö ja toimenpiteet"), start=1):
        ThemeColumn.objects.create(county_id=round_.county_id, theme=theme, position=position, title=title)


def _texts(*, held: bool) -> list[PartText]:
    """Both parts: as they were minuted, or before the sitting the agenda alone."""
    texts = []
    for basis, items in ((LegalBasis.COOPERATION, COOPERATION), (LegalBasis.WELFARE, WELFARE)):
        if held:
            texts.append(PartText(basis, items, OPENED[basis], CLOSED[basis]))
        else:
            texts.append(
                PartText(
                    basis,
                    [
                        Item(item.title, item.background, presenter=PRESENTERS[basis], planned_minutes=minutes)
                        for item, minutes in zip(items, PLANNED_MINUTES, strict=True)
                    ],
                )
            )
    return texts


def _plan(round_: Round, group: MunicipalityGroup, stage: Stage, *, today: date) -> Negotiation:
    # One is today, whatever day that is: its sitting can be tried.
    day = weekday_near(today + timedelta(days=stage.days_from_today)) if stage.days_from_today else today
    month_only = stage.state == "month"
    first = day.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    negotiation: Negotiation = Negotiation.objects.create(
        county_id=round_.county_id,
        round=round_,
        group=group,
        title=group.name,
        precision=Negotiation.Precision.MONTH if month_only else Negotiation.Precision.MINUTE,
        earliest=first if month_only else day,
        latest=last if month_only else day,
        starts_at=None if month_only else moment(day, 8, 15),
        ends_at=None if month_only else moment(day, 12),
        mode=Negotiation.Mode.UNKNOWN if month_only else Negotiation.Mode.HYBRID,
        place="" if month_only else f"{group.municipalities.order_by('-population')[0].area.name_fi}, valtuustosali",
        convener="Keski-Suomen hyvinvointialue, hyvinvointi ja kumppanuudet",
        chair="Hyvinvointialueen yhteiskuntasuhteiden päällikkö",
        secretary="Hyvinvointialueen hyte-koordinaattori",
    )
    return negotiation


def _hold(
    negotiation: Negotiation, members: Sequence[Municipality], stage: Stage, *, by: User, priorities: Sequence[Priority]
) -> None:
    _enter_people(negotiation, members, away=stage.stayed_away)
    parties = {party.name: party for party in negotiation.parties.select_related("organisation", "municipality__area")}
    away_parties: list[Party] = [parties[stage.stayed_away]] if stage.stayed_away else []
    hold(negotiation, by=by, at=moment(negotiation.earliest, 12), stayed_away=away_parties)
    _agree(negotiation, members, priorities=priorities)
    columns = ThemeColumn.objects.filter(theme__round=negotiation.round).order_by("position")
    for column, texts in zip(
        columns,
        (
            ("Nuorten yksinäisyys näkyy kouluissa", "Iltaisin ei ole paikkaa, jossa olla ilmaiseksi"),
            ("Nuorisotilat auki myös viikonloppuisin", "Yhteinen toimintamalli puheeksi ottamiseen"),
        ),
        strict=True,
    ):
        Observation.objects.bulk_create(
            Observation(
                county_id=negotiation.county_id, column=column, negotiation=negotiation, position=position, text=text
            )
            for position, text in enumerate(texts, start=1)
        )


def _enter_people(
    negotiation: Negotiation,
    members: Sequence[Municipality],
    *,
    status: Attendance.Status = Attendance.Status.PRESENT,
    away: str = "",
) -> None:
    """Enter who is invited or came: roles of the municipalities, the county and the others."""
    for municipality in members:
        name = municipality.area.name_fi
        for role in ("hyvinvointikoordinaattori", "sivistysjohtaja"):
            add_attendance(
                negotiation,
                sector=Sector.MUNICIPALITY,
                place=name,
                role=role,
                municipality=municipality,
                status=Attendance.Status.ABSENT if name == away else status,
            )
    for role in ("yhteiskuntasuhteiden päällikkö", "hyte-koordinaattori", "ehkäisevän työn asiantuntija"):
        add_attendance(negotiation, sector=Sector.COUNTY, place=PLACE, role=role, status=status)
    organisations = {
        party.name: party.organisation
        for party in negotiation.parties.select_related("organisation").exclude(organisation=None)
    }
    for name, sector, role in (
        ("Keski-Suomen liitto", Sector.PUBLIC, "aluekehityspäällikkö"),
        ("Keski-Suomen Liikunta", Sector.ORGANISATION, "liikunnan asiantuntija"),
        ("Keski-Suomen Yhteisöjen Tuki", Sector.ORGANISATION, "järjestöagentti"),
    ):
        add_attendance(
            negotiation, sector=sector, place=name, role=role, organisation_=organisations[name], status=status
        )
    parish = f"{_genitive(members[0])} seurakunta"
    add_attendance(negotiation, sector=Sector.PARISH, place=parish, role="diakoniatyön edustaja", status=status)


def _genitive(municipality: Municipality) -> str:
    """Return the genitive of the few names this module needs."""
    known = {"Hankasalmi": "Hankasalmen", "Joutsa": "Joutsan", "Jyväskylä": "Jyväskylän", "Jämsä": "Jämsän"}
    return known[municipality.area.name_fi]


def _agree(negotiation: Negotiation, members: Sequence[Municipality], *, priorities: Sequence[Priority]) -> None:
    items = {item.title: item for item in AgendaItem.objects.filter(part__negotiation=negotiation)}
    day, first = negotiation.earliest, members[0]
    shared = {"county_id": negotiation.county_id, "negotiation": negotiation, "round_id": negotiation.round_id}
    Measure.objects.create(
        **shared,
        agenda_item=items["Yhdyspinnat: sivistys, työllisyys, kotoutuminen ja varautuminen"],
        position=1,
        text="Nuorten siirtymävaiheen vastinparit nimetään.",
        responsible_sector=Sector.COUNTY,
        responsible="Hyvinvointialue, lasten, nuorten ja perheiden palvelut",
        due_on=day + timedelta(days=60),
    )
    Measure.objects.create(
        **shared,
        agenda_item=items["Tavoitteet ja toimenpiteet"],
        priority=priorities[0],
        position=2,
        text="Nuorisotila pidetään auki myös lauantai-iltaisin.",
        responsible_sector=Sector.MUNICIPALITY,
        municipality=first,
        responsible=f"{first.area.name_fi}, nuorisopalvelut",
        due_on=day + timedelta(days=120),
    )
    Measure.objects.create(
        **shared,
        agenda_item=items["Tavoitteet ja toimenpiteet"],
        priority=priorities[1],
        position=3,
        text="Kaatumisten ehkäisyn neuvontakierros järjestetään jokaisessa kuntaryhmän kunnassa.",
        responsible_sector=Sector.COUNTY,
        responsible="Hyvinvointialue, ikääntyneiden palvelut",
        due_on=day + timedelta(days=180),
    )


# One of them is not public, so that the public variant of the minutes has something to leave out.
ATTACHMENTS = (
    ("Kuntaryhmän nostot", ""),
    ("Osallistujaluettelo", ""),
    ("Varautumisen yhteyshenkilöt ja hälytysketju", "JulkL 24 § 1 mom. 8 kohta"),
)


def _minute(negotiation: Negotiation, stage: Stage, *, by: User) -> None:
    day = negotiation.earliest
    for minutes in open_minutes(negotiation, by=by, at=moment(day, 13)):
        MinutesAttachment.objects.bulk_create(
            MinutesAttachment(
                county_id=minutes.county_id, minutes=minutes, position=position, title=title, secrecy_ground=ground
            )
            for position, (title, ground) in enumerate(ATTACHMENTS, start=1)
        )
        name_checkers(minutes)
        if stage.state == "draft":
            request_minutes_document(minutes, by=by)
            continue
        send_for_checking(minutes, check_by=day + timedelta(days=40), by=by, at=moment(day + timedelta(days=4), 9))
        checks = list(minutes.checks.all())
        marked = checks if stage.state == "published" else checks[-1:]
        for place, check in enumerate(marked):
            mark(check, by=by, at=moment(day + timedelta(days=6 + place), 10))
        if stage.state == "published":
            sign_all(minutes, by=by, at=moment(day + timedelta(days=18), 9))
            publish(minutes, by=by, at=moment(day + timedelta(days=20), 9))
