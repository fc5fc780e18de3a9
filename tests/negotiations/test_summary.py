"""The summary of a round: what it counts and tells, and the PDF of 2024 opened and read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pdfua
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django_scopes import scope
from pypdf import PdfReader

from indicators.example import load_example_values
from indicators.figures import format_value
from indicators.loading import load_values
from indicators.models import Area, ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue
from municipalities.access import access_of
from municipalities.documents import kinds, path_of, rendering, visible_documents
from municipalities.models import (
    County,
    Document,
    Municipality,
    MunicipalityGroup,
    Organisation,
    Priority,
    Sector,
    User,
)
from municipalities.moves import NotAllowedNow
from negotiations.demo import keski_suomi_2024, users
from negotiations.demo.building import add_head_counts, moment
from negotiations.models import (
    Attendance,
    CoreGroup,
    FeedbackNote,
    LegalBasis,
    Measure,
    Negotiation,
    Observation,
    Party,
    Round,
    StatedFigure,
    Summary,
    SummaryNote,
    ThemeColumn,
    WorkshopTheme,
)
from negotiations.reporting.board import freeze, open_summary, publish, put_on_agenda
from negotiations.reporting.summary import (
    KIND,
    MeasureLine,
    SummaryContext,
    compose,
    request_summary_document,
    summary_attachments,
)
from negotiations.sitting.attendance import ImpossibleAttendance
from negotiations.sitting.conduct import cancel, hold
from tests.factories import BOTH, make_held, make_municipality, make_negotiation, make_round

ON = date(2025, 1, 8)
GROUPS_2024 = [keski_suomi_2024.group_name(names) for _day, names, _counts in keski_suomi_2024.GROUPS]


# --- The summary of 2024, from the demo to the PDF ----------------------------------------------------------------


@dataclass(frozen=True)
class Printed:
    """A document with what is in it."""

    content: bytes
    pages: list[str]
    context: SummaryContext
    meta: kinds.Meta

    @property
    def text(self) -> str:
        """All pages together."""
        return "\n".join(self.pages)

    def page_of(self, heading: str) -> int:
        """Return the number of the first page after the table of contents with this line on it."""
        return next(
            number
            for number, page in enumerate(self.pages, start=1)
            if re.search(rf"^(?:\d+\s)?{heading}$", page, re.M)
        )


def read(content: bytes) -> list[str]:
    """Return the text of each page, every space the same."""
    return [re.sub(r"[^\S\n]+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]


def laid_out(context: SummaryContext, meta: kinds.Meta) -> Printed:
    """Print a context."""
    kind = kinds.kind_named(KIND)
    frozen = kinds.Frozen(meta, context)
    with translation.override(meta.language):
        attachments = kind.attachments(context)
        pages = rendering.lay_out(rendering.compose(kind, frozen), rendering.styles(kind, frozen), attachments)
        content = rendering.write(pages, frozen, attachments)
    return Printed(content, read(content), context, meta)


@pytest.fixture(scope="module")
def printed(django_db_setup: None, django_db_blocker: Any) -> Printed:
    """The summary of 2024 as the demo enters it, rendered the way the worker does. Nothing stays in the database."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_reference", verbosity=0)
        people = users.load()
        county = County.objects.get(slug="keski-suomi")
        load_values()
        load_example_values([county.area])
        with scope(county=county):
            keski_suomi_2024.load(county, by=people["koordinaattori@keski-suomi.example"])
            document = Summary.objects.get(round__year=2024).document
            assert document is not None
            rendering.render(county, document.pk)
            document.refresh_from_db()
            assert document.state == Document.State.READY, document.reason
            content = path_of(document).read_bytes()
            frozen = kinds.thaw(document)
        transaction.set_rollback(True)
    return Printed(content, read(content), frozen.doc, frozen.meta)


def test_it_says_what_was_counted(printed: Printed) -> None:
    brief = "\n".join(printed.pages[:2])
    for number, what in (
        ("22", "kuntaa mukana"),
        ("6", "kuntaryhmää"),
        ("311", "osallistumista"),
        ("138", "Järjestöt ja seurakunnat"),
        ("98", "Kunnat"),
        ("75", "Hyvinvointialue"),
    ):
        assert re.search(rf"\b{number}\s*{what}", brief), (number, what)
    assert re.search(r"Yhteensä, laskettu 138 98 75 311", printed.text)


def test_the_stated_136_stands_beside_the_computed_138(printed: Printed) -> None:
    brief = printed.pages[1].replace("\n", " ")
    assert "laskettuna osallistumisia on 138, lähteen oman yhteismäärän mukaan 136. Ero on 2." in brief
    assert re.search(r"Lähteen oma yhteismäärä 136", printed.text)


def test_the_county_was_about_25_persons(printed: Printed) -> None:
    text = printed.text.replace("\n", " ")
    assert "75 osallistumista, noin 25 henkilöä. Noin 10 hengen ydinryhmä osallistui jokaiseen neuvotteluun" in text
    assert "75 − 10 × 5 = 25" in text
    assert "heitä on enintään 98" in text


def test_the_six_groups_are_told_with_their_days(printed: Printed) -> None:
    text = printed.text.replace("\n", " ")
    for group in GROUPS_2024:
        assert text.count(group) >= 3, group  # in the table of contents, in the table and in the annex
    for day in ("26.9.2024", "30.10.2024", "12.11.2024", "13.11.2024", "19.11.2024", "20.11.2024"):
        assert day in text
    assert "Pihlpuudas" not in text


def test_the_brief_is_two_pages_and_the_rest_follows_the_source(printed: Printed) -> None:
    assert "Sisällys" in printed.pages[2].splitlines()
    for heading in (
        "Mitä sovittiin",
        "Mitä hyvinvointialue lupasi",
        "Erot luvuissa",
        "Mitä aluehallitukselta pyydetään",
    ):
        assert printed.page_of(heading) <= 2, heading
    order = [
        "Lakitausta",
        "Neuvottelujen toteutus",
        "Sisältö suhteessa lakiin",
        "Kuntakortit yhteisenä tietopohjana",
        "Kuntien luvut",
        "Työpajojen havainnot teemoittain",
        "Neuvottelut osana yhteisövaikuttavuutta",
        "Jatko ja palaute",
        "Lähteet",
        "Liite: neuvottelujen koonnit",
    ]
    pages = [printed.page_of(heading) for heading in order]
    assert pages == sorted(pages)
    # The table of contents tells the page each chapter is on.
    for heading, page in zip(order, pages, strict=True):
        assert re.search(rf"{heading}[ .]* {page}$", printed.pages[2], re.M), heading


def test_the_law_is_told_by_section_and_not_copied(printed: Printed) -> None:
    text = printed.text.replace("\n", " ")
    for told in ("6 § 4 momentti", "7 § 4 momentti", "14 §", "611/2021", "612/2021", "vähintään kerran vuodessa"):
        assert told in text
    # A sentence as the act has it.
    assert "toimintaedellytyksiä ja vaikutusmahdollisuuksia" not in text


def test_each_theme_has_its_own_columns_and_key_message(printed: Printed) -> None:
    text = printed.text.replace("\n", " ")
    assert [(theme.name, len(theme.columns)) for theme in printed.context.themes] == [
        ("Perhekeskustoimintamalli", 2),
        ("Seniorikeskustoimintamalli", 2),
        ("Hyvinvointitarjotin", 3),
    ]
    assert "Verkostot kattavat jo koko Keski-Suomen" in text
    assert sum(theme.count for theme in printed.context.themes) == sum(
        len(texts) for _name, _message, columns in keski_suomi_2024.THEMES for _title, texts in columns
    )
    assert "Palaute 2.12.2024" in text


def test_example_data_is_told_on_the_first_page_and_marked(printed: Printed) -> None:
    assert "Asiakirjassa on esimerkkiaineistoa." in printed.pages[0].replace("\n", " ")
    assert printed.context.figures is not None
    examples = [shown for shown in printed.context.figures.indicators if shown.is_example]
    real = [shown for shown in printed.context.figures.indicators if not shown.is_example]
    assert examples and real
    # A chart of illustrative figures says so in the picture; a table marks each of them.
    assert printed.text.count("Esimerkkiaineisto, ei todellisia lukuja") == len(printed.context.charted)
    rows = sum(sum(1 for row in page.rows if row.shown.is_example) for page in printed.context.annex)
    marks = len(examples) + len(printed.context.highlights) + len(printed.context.charted) + rows + 1
    assert printed.text.count("esimerkki\n") + printed.text.count("esimerkki ") >= marks


def test_without_example_data_nothing_is_said_of_it(printed: Printed) -> None:
    figures = printed.context.figures
    assert figures is not None
    real = replace(
        figures,
        indicators=[shown for shown in figures.indicators if not shown.is_example],
        sources=[source for source in figures.sources if not source.is_example],
    )
    again = laid_out(replace(printed.context, figures=real), printed.meta)
    assert "esimerkki" not in re.sub("esimerkiksi", "", again.text.casefold())


def test_the_figures_travel_along_and_agree_with_the_print(printed: Printed) -> None:
    [(name, [content])] = PdfReader(io.BytesIO(printed.content)).attachments.items()
    assert name == "luvut-2024.csv"
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert len({len(row) for row in rows}) == 1
    found = {(row[0], row[2]): row for row in rows[1:]}
    # 12 indicators in 22 municipalities, six groups and the county.
    assert len(rows) - 1 == len(found) == 12 * (22 + 6 + 1)
    assert printed.context.figures is not None
    text = re.sub(r"\s+", " ", printed.text)
    for shown in printed.context.figures.indicators:
        row = found[shown.measure.name, "Keski-Suomen hyvinvointialue"]
        decimals = shown.measure.decimals
        assert row[4] == f"{round(float(row[4].replace(',', '.')), decimals):.{decimals}f}".replace(".", ",")
        assert format_value(shown.county.value, decimals, "fi").replace("\N{NO-BREAK SPACE}", "") == row[4]
        in_print = format_value(shown.county.value, decimals, "fi").replace("\N{NO-BREAK SPACE}", " ")
        assert re.search(rf"{shown.county.year} {re.escape(in_print)} ", text), shown.measure.name
    for page in printed.context.annex:
        for line in page.rows:
            for area, value in zip(page.areas, line.values, strict=True):
                name = {"Ryhmä": page.digest.name, "Koko alue": "Keski-Suomen hyvinvointialue"}.get(area, area)
                assert found[line.shown.measure.name, name][4] == (
                    ""
                    if value.value is None
                    else format_value(value.value, line.shown.measure.decimals, "fi").replace("\N{NO-BREAK SPACE}", "")
                )


def test_no_municipality_is_ranked(printed: Printed) -> None:
    for page in printed.context.annex:
        assert page.areas[: len(page.digest.municipalities)] == page.digest.municipalities
    figures = printed.context.figures
    assert figures is not None
    for shown in figures.indicators:
        assert [group.area for group in shown.groups] == GROUPS_2024


def test_an_independent_checker_finds_no_errors(printed: Printed, tmp_path: Path) -> None:
    path = tmp_path / "summary.pdf"
    path.write_bytes(printed.content)
    report = pdfua.validate(str(path))
    assert not report.findings


def test_the_brief_holds_two_pages_however_much_was_agreed(printed: Printed) -> None:
    long = "Sovittiin yhteisestä toimintatavasta, jota seurataan vuosittain kuntakortin ja neuvottelujen avulla."
    promise = MeasureLine(
        text="Hyvinvointialue järjestää tuen, josta neuvotteluissa sovittiin, ja kertoo siitä kunnille ajoissa.",
        responsible="Hyvinvointialue, hyvinvointi ja kumppanuudet",
        by_county=True,
        priority="",
        due_on=date(2025, 6, 30),
        due_text="",
        negotiation=0,
        agreed_in="",
    )
    full = replace(
        printed.context,
        notes=replace(
            printed.context.notes,
            agreed=[f"{number}. {long}" for number in range(1, 13)],
            board=[f"{number}. {long}" for number in range(1, 4)],
        ),
        measures=[replace(promise, text=f"{number}. {promise.text}") for number in range(1, 13)],
    )
    again = laid_out(full, replace(printed.meta, variant="draft"))
    assert "Sisällys" in again.pages[2].splitlines()
    brief = "\n".join(again.pages[:2]).replace("\n", " ")
    assert f"Muut {12 - len(full.brief_agreed)} kerrotaan luvussa" in brief
    assert f"Muut {12 - len(full.brief_promised)} kerrotaan luvussa" in brief
    assert "12. Sovittiin" in again.text.replace("\n", " ")
    assert "LUONNOS" in again.pages[0]


# --- Composing ------------------------------------------------------------------------------------------------


@pytest.fixture
def round_(in_scope: County) -> Round:
    """A round in municipality groups."""
    return make_round(in_scope)


def summary_of(round_: Round) -> Summary:
    """Return the round's summary, read afresh."""
    return Summary.objects.get(pk=open_summary(round_, by=None).pk)


def counted(negotiation: Negotiation, **counts: int) -> None:
    """Enter head counts by sector."""
    add_head_counts(negotiation, {Sector[name.upper()]: count for name, count in counts.items()})


def test_only_what_was_held_counts(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, luhanka: Municipality
) -> None:
    held = make_held(round_, [hankasalmi])
    counted(held, county=3)
    planned = make_negotiation(round_, [joutsa], day=date(2024, 10, 1))
    counted(planned, county=7)
    gone = make_negotiation(round_, [luhanka], day=date(2024, 10, 2))
    cancel(gone, reason="Sairastapaus", by=None)
    context = compose(summary_of(round_), on=ON)
    assert context.held == 1
    assert context.attendance.total == 3
    assert context.municipalities == ["Hankasalmi"]
    assert context.absent_municipalities == ["Joutsa", "Luhanka"]
    assert [(other.name, other.state, other.reason) for other in context.not_held] == [
        ("Joutsa", "planned", ""),
        ("Luhanka", "cancelled", "Sairastapaus"),
    ]


def test_a_municipality_that_stayed_away_has_not_taken_part(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    negotiation = make_negotiation(round_, [hankasalmi, joutsa])
    from negotiations.sitting.conduct import convene

    convene(negotiation, by=None)
    hold(negotiation, by=None, stayed_away=list(Party.objects.filter(municipality=joutsa)))
    context = compose(summary_of(round_), on=ON)
    assert context.municipalities == ["Hankasalmi"]
    assert context.digests[0].stayed_away == ["Joutsa"]
    assert context.digests[0].came == ["Hankasalmi"]


def test_a_negotiation_nobody_counted_has_no_zeros(round_: Round, hankasalmi: Municipality) -> None:
    make_held(round_, [hankasalmi])
    [row] = compose(summary_of(round_), on=ON).attendance.rows
    assert row.counts is None


def test_absent_people_are_not_counted(round_: Round, hankasalmi: Municipality) -> None:
    negotiation = make_held(round_, [hankasalmi])
    for status in Attendance.Status.values:
        Attendance.objects.create(
            county=round_.county,
            negotiation=negotiation,
            sector=Sector.MUNICIPALITY,
            status=status,
            role="Rehtori",
            organisation_name=status,
        )
    assert compose(summary_of(round_), on=ON).attendance.total == 1


def test_the_title_tells_the_duty(in_scope: County) -> None:
    titles = []
    for year, bases in ((2024, [LegalBasis.WELFARE]), (2025, [LegalBasis.COOPERATION]), (2026, BOTH)):
        titles.append(compose(summary_of(make_round(in_scope, year=year, legal_bases=list(bases))), on=ON).title)
    assert titles == [
        "Yhteenveto hyvinvoinnin ja terveyden edistämisen neuvotteluista 2024",
        "Yhteenveto hyvinvointialueen ja kuntien neuvotteluista 2025",
        "Yhteenveto hyvinvointialueen ja kuntien lakisääteisistä neuvotteluista 2026",
    ]
    County.objects.filter(pk=in_scope.pk).update(negotiation_word="hytetu-neuvottelu")
    context = compose(Summary.objects.get(round__year=2024), on=ON)
    assert context.title == "Yhteenveto hyvinvoinnin, terveyden ja turvallisuuden edistämisen neuvotteluista 2024"


def test_the_countys_own_name_of_the_document_stands_above_a_title_that_does_not_begin_with_it(
    in_scope: County,
) -> None:
    """As the county has set; the title says "Yhteenveto" by itself."""
    make_round(in_scope)
    round_ = Round.objects.get()
    assert compose(summary_of(round_), on=ON).document_name == ""
    County.objects.filter(pk=in_scope.pk).update(summary_name="Koonti aluehallitukselle")
    assert compose(Summary.objects.get(), on=ON).document_name == "Koonti aluehallitukselle"


def test_in_another_language_the_document_has_its_usual_name(in_scope: County) -> None:
    """The county's own is in its first language. The Swedish title says "Sammandrag" by itself."""
    round_ = make_round(in_scope, language="sv")
    County.objects.filter(pk=in_scope.pk).update(summary_name="Koonti", languages=["fi", "sv"])
    context = compose(summary_of(Round.objects.get()), on=ON)
    assert context.title.startswith("Sammandrag av förhandlingarna") and context.document_name == ""
    County.objects.filter(pk=in_scope.pk).update(languages=["sv", "fi"])
    assert compose(Summary.objects.get(round=round_), on=ON).document_name == "Koonti"


def test_the_page_names_the_sectors_in_the_readers_language(printed: Printed) -> None:
    """They are the system's own words; what was frozen keeps its own."""
    frozen = printed.context.attendance
    assert frozen.columns == ["Järjestöt ja seurakunnat", "Kunnat", "Hyvinvointialue"]
    with translation.override("sv"):
        shown = printed.context.attendance_for_reader
        assert shown.by_column == [
            ("Organisationer och församlingar", 138),
            ("Kommuner", 98),
            ("Välfärdsområde", 75),
        ]
        assert [line.name for line in shown.stated if line.discrepancy] == ["Organisationer och församlingar"]
        page = render_to_string("negotiations/summary_brief.html", {"brief": printed.context})
    assert "Organisationer och församlingar" in page
    assert "Järjestöt ja seurakunnat" not in page
    with translation.override("fi"):
        assert printed.context.attendance_for_reader == frozen


def test_a_core_group_larger_than_what_was_counted_is_refused(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, coordinator: User
) -> None:
    negotiations = [make_held(round_, [place], day=date(2024, 9, day)) for place, day in ((hankasalmi, 5), (joutsa, 6))]
    for negotiation in negotiations:
        counted(negotiation, county=4)
    group = CoreGroup.objects.create(county=round_.county, round=round_, name="Ydin", sector=Sector.COUNTY, size=5)
    group.negotiations.set(negotiations)
    with pytest.raises(ImpossibleAttendance, match="Ydin"):
        compose(summary_of(round_), on=ON)
    with pytest.raises(NotAllowedNow, match="Ydin"):
        request_summary_document(summary_of(round_), variant="draft", by=coordinator)
    assert not Document.objects.exists()


def test_the_same_promise_given_in_several_places_is_one_in_the_brief(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    for place, day in ((hankasalmi, 5), (joutsa, 6)):
        negotiation = make_held(round_, [place], day=date(2024, 9, day))
        Measure.objects.create(
            county=round_.county,
            round=round_,
            negotiation=negotiation,
            text="Vastinparit nimetään.",
            responsible_sector=Sector.COUNTY,
            responsible="Hyvinvointialue",
            due_on=date(2024, 12, day),
        )
    context = compose(summary_of(round_), on=ON)
    assert [[measure.due_on for measure in promise] for promise in context.brief_promised] == [
        [date(2024, 12, 5), date(2024, 12, 6)]
    ]
    # Each is told once among all measures, with where it was agreed, and once in its digest.
    assert [(measure.negotiation, measure.agreed_in) for measure in context.measures] == [
        (1, "Hankasalmi"),
        (2, "Joutsa"),
    ]
    assert [len(page.measures) for page in context.annex] == [1, 1]


def test_observations_of_one_negotiation_are_in_its_digest_too(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality
) -> None:
    theme = WorkshopTheme.objects.create(county=round_.county, round=round_, position=1, name="Teema")
    columns = [
        ThemeColumn.objects.create(county=round_.county, theme=theme, position=position, title=f"Sarake {position}")
        for position in (1, 2)
    ]
    negotiations = [make_held(round_, [place], day=date(2024, 9, day)) for place, day in ((hankasalmi, 5), (joutsa, 6))]
    for negotiation in (None, *negotiations):
        Observation.objects.create(
            county=round_.county, column=columns[0], negotiation=negotiation, position=1, text="Yksinäisyys"
        )
    context = compose(summary_of(round_), on=ON)
    assert context.themes[0].columns[0].distinct == [("Yksinäisyys", 3)]
    digest = context.annex[1]
    assert [column.title for column in digest.findings[0].columns] == ["Sarake 1"]
    assert [seen.negotiation for seen in digest.findings[0].columns[0].observations] == [2]


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_columns_stand_abreast_as_long_as_they_fit(columns: int, round_: Round) -> None:
    theme = WorkshopTheme.objects.create(county=round_.county, round=round_, position=1, name="Teema")
    for position in range(1, columns + 1):
        column = ThemeColumn.objects.create(county=round_.county, theme=theme, position=position, title=str(position))
        Observation.objects.create(county=round_.county, column=column, position=1, text="Havainto")
    [found] = compose(summary_of(round_), on=ON).themes
    assert [len(row) for row in found.abreast] == ([2, 2] if columns == 4 else [columns])


# --- Figures --------------------------------------------------------------------------------------------------


@pytest.fixture
def indicator_set(in_scope: County) -> IndicatorSet:
    """A set of one indicator of a priority."""
    indicator = Indicator.objects.create(name_fi="Osuus, %", theme="Liikkuminen", sotkanet_id=9)
    found = IndicatorSet.objects.create(owner=in_scope.area, name="Sarja", version="1")
    IndicatorSetItem.objects.create(indicator_set=found, indicator=indicator, position=1)
    Priority.objects.create(county=in_scope, name="Liikkuminen", starts_on=date(2022, 1, 1), ends_on=date(2025, 12, 31))
    return found


def figure_of(area: Area, year: int, value: float, source: ImportRun.Source = ImportRun.Source.SOTKANET) -> None:
    """Enter a figure of the one indicator."""
    run = ImportRun.objects.get_or_create(
        source=source, label=source, defaults={"retrieved_on": ON, "citation": "{title} (ind. {number}). {date}."}
    )[0]
    IndicatorValue.objects.create(indicator=Indicator.objects.get(), area=area, run=run, year=year, value=value)


def test_without_a_set_or_figures_there_is_no_chapter(
    round_: Round, hankasalmi: Municipality, indicator_set: IndicatorSet
) -> None:
    make_held(round_, [hankasalmi])
    context = compose(summary_of(round_), on=ON)
    assert context.figures is None and not context.has_examples
    assert summary_attachments(context) == []
    Round.objects.filter(pk=round_.pk).update(indicator_set=indicator_set)
    assert compose(Summary.objects.get(), on=ON).figures is None


def test_figures_after_the_round_are_not_shown(
    round_: Round, hankasalmi: Municipality, joutsa: Municipality, indicator_set: IndicatorSet
) -> None:
    Round.objects.filter(pk=round_.pk).update(indicator_set=indicator_set)
    for place, value in ((hankasalmi, 10.0), (joutsa, 20.0)):
        figure_of(place.area, 2024, value)
        figure_of(place.area, 2025, 99.0)
    make_held(round_, [hankasalmi, joutsa])
    context = compose(summary_of(round_), on=date(2026, 1, 8))
    assert context.figures is not None
    [shown] = context.figures.indicators
    assert (context.figures.year, shown.county.year, shown.county.is_computed) == (2024, 2024, True)
    assert (shown.spread.least, shown.spread.greatest) == (10.0, 20.0) if shown.spread else False
    assert context.figures.citations == ["Osuus, % (ind. 9). 8.1.2025."]
    assert not context.has_examples


def test_a_group_too_large_for_a_table_tells_its_spread(
    round_: Round, in_scope: County, indicator_set: IndicatorSet
) -> None:
    Round.objects.filter(pk=round_.pk).update(indicator_set=indicator_set)
    places = [make_municipality(in_scope, f"9{number:02}", f"Kunta {number:02}") for number in range(9)]
    for number, place in enumerate(places):
        figure_of(place.area, 2024, 10.0 + number)
    make_held(round_, places, title="Koko alue yhdessä")
    [page] = compose(summary_of(round_), on=ON).annex
    with translation.override("fi"):
        assert page.areas == ["Ryhmä", "Koko alue"]
    assert page.has_spread
    assert [len(row.values) for row in page.rows] == [2]


@pytest.mark.parametrize(
    ("negotiations", "municipalities", "compared"),
    [(1, 1, "years"), (1, 2, "municipalities"), (2, 2, "groups"), (1, 13, "years")],
)
def test_charts_compare_what_there_is_room_for(
    negotiations: int, municipalities: int, compared: str, round_: Round, in_scope: County, indicator_set: IndicatorSet
) -> None:
    Round.objects.filter(pk=round_.pk).update(indicator_set=indicator_set)
    places = [make_municipality(in_scope, f"9{number:02}", f"Kunta {number:02}") for number in range(municipalities)]
    for place in places:
        figure_of(place.area, 2023, 10.0)
        figure_of(place.area, 2024, 11.0)
    if negotiations == 1:
        make_held(round_, places)
    else:
        for number, place in enumerate(places, start=1):
            make_held(round_, [place], day=date(2024, 9, number))
    context = compose(summary_of(round_), on=ON)
    assert context.chart_of == compared
    assert len(context.charted) == 1
    county = Round.objects.select_related("county__area").get().county
    meta = kinds.Meta(context.title, "fi", county.area.name_fi, "", "", county.colour, "draft", ON)
    page = laid_out(context, meta)
    assert "Kuntien luvut" in page.text


# --- Asking, and who may see it -------------------------------------------------------------------------------


def test_the_summary_points_at_its_document_and_the_same_content_is_one(round_: Round, coordinator: User) -> None:
    summary = summary_of(round_)
    first = request_summary_document(summary, variant="draft", by=coordinator, at=moment(ON, 9))
    assert (first.kind, first.variant, first.language) == ("summary", "draft", "fi")
    assert first.file_name == "yhteenveto-hyvinvoinnin-ja-terveyden-edistamisen-neuvotteluista-2024-keski-suomi.pdf"
    assert request_summary_document(summary_of(round_), variant="draft", by=None, at=moment(ON, 15)) == first
    assert request_summary_document(summary_of(round_), variant="final", by=None, at=moment(ON, 15)) != first
    summary.refresh_from_db()
    assert summary.document is not None and summary.document.variant == "final"


def test_the_board_sees_it_from_the_agenda_on_and_municipalities_when_published(
    round_: Round, coordinator: User, board_member: User, reader: User
) -> None:
    def seen(user: User) -> bool:
        return visible_documents(access_of(user, "keski-suomi")).exists()

    summary = summary_of(round_)
    request_summary_document(summary, variant="draft", by=coordinator)
    assert [seen(user) for user in (coordinator, board_member, reader)] == [True, False, False]
    summary = freeze(summary, by=coordinator)
    assert [seen(user) for user in (coordinator, board_member, reader)] == [True, False, False]
    summary = put_on_agenda(summary, body="Aluehallitus", on=ON, by=coordinator)
    assert [seen(user) for user in (coordinator, board_member, reader)] == [True, True, False]
    publish(summary, on=ON, by=coordinator)
    assert [seen(user) for user in (coordinator, board_member, reader)] == [True, True, True]


# --- What it costs ---------------------------------------------------------------------------------------------


def furnish(round_: Round, negotiations: int) -> Summary:
    """Enter as many rows of everything as there are negotiations."""
    county = round_.county
    summary = summary_of(round_)
    theme = WorkshopTheme.objects.create(county=county, round=round_, position=1, name="Teema")
    column = ThemeColumn.objects.create(county=county, theme=theme, position=1, title="Sarake")
    for number in range(1, negotiations + 1):
        places = [make_municipality(county, f"9{number}{place}", f"Kunta {number}{place}") for place in range(number)]
        group = MunicipalityGroup.objects.create(county=county, year=2024, name=f"Ryhmä {number}", position=number)
        group.municipalities.set(places)
        negotiation = make_held(round_, places, bases=BOTH, day=date(2024, 9, number), group=group)
        organisation = Organisation.objects.create(county=county, name=f"Järjestö {number}", sector="organisation")
        Party.objects.create(county=county, negotiation=negotiation, organisation=organisation)
        counted(negotiation, county=5, municipality=number, organisation_or_parish=number)
        core = CoreGroup.objects.create(county=county, round=round_, name=f"Ydin {number}", sector="county", size=1)
        core.negotiations.set([negotiation])
        StatedFigure.objects.create(
            county=county, round=round_, sectors=Sector.values[:number], value=9, source="Lähde"
        )
        Priority.objects.create(county=county, name=f"P{number}", starts_on=date(2022, 1, 1), ends_on=date(2025, 1, 1))
        for origin in (None, negotiation):
            Measure.objects.create(
                county=county,
                round=round_,
                negotiation=origin,
                priority=Priority.objects.last(),
                text="Teko",
                responsible_sector=Sector.COUNTY,
                responsible="Alue",
            )
            Observation.objects.create(county=county, column=column, negotiation=origin, position=number, text="Ilmiö")
        SummaryNote.objects.create(county=county, summary=summary, section="goals", position=number, text="Tavoite")
        FeedbackNote.objects.create(
            county=county, round=round_, given_on=ON, occasion="Palaute", position=number, text="Hyvä"
        )
        for place in places:
            figure_of(place.area, 2024, 1.0)
    return Summary.objects.get(pk=summary.pk)


def test_one_negotiation_and_three_cost_the_same(
    in_scope: County, indicator_set: IndicatorSet, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    spent = []
    for negotiations in (1, 3):
        sid = transaction.savepoint()
        round_ = make_round(in_scope, indicator_set=indicator_set, legal_bases=list(BOTH))
        summary = furnish(round_, negotiations)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            context = compose(summary, on=ON)
        assert context.held == negotiations and context.figures is not None
        spent.append(len(queries))
        transaction.savepoint_rollback(sid)
    assert spent[0] == spent[1]
    assert spent[0] <= 32


def test_what_is_frozen_thaws_into_the_same(in_scope: County, indicator_set: IndicatorSet) -> None:
    round_ = make_round(in_scope, indicator_set=indicator_set, legal_bases=list(BOTH))
    context = compose(furnish(round_, 2), on=ON)
    meta = kinds.Meta(context.title, "fi", "Keski-Suomi", "", "", "#0e5d8a", "draft", ON)
    kind = kinds.kind_named(KIND)
    frozen = kinds.freeze(kind, meta, context)
    assert kinds._adapter(SummaryContext).validate_python(frozen["doc"]) == context
