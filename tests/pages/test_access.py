"""Who gets what: every address of ours by name, for every role of the cast. An address not listed fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_scopes import scope

from indicators.models import ImportRun, Indicator, IndicatorSet, IndicatorSetItem, IndicatorValue
from municipalities.cards.bundles import make_bundle
from municipalities.cards.lifecycle import send as send_card
from municipalities.deputies.appointing import Days, appoint
from municipalities.models import (
    CardBundle,
    CardVersion,
    County,
    Membership,
    Municipality,
    Organisation,
    Person,
    Priority,
    Sector,
    User,
)
from negotiations.followup.measures import Agreed, Owner, add_measures
from negotiations.minutes.attachments import attach
from negotiations.minutes.checking import open_minutes, send_for_checking
from negotiations.minutes.remarks import remark
from negotiations.models import (
    AgendaAttachment,
    AgendaTemplate,
    AvailabilityInquiry,
    AvailabilityRequest,
    CalendarFeed,
    CoreGroup,
    FeedbackNote,
    Highlight,
    LegalBasis,
    Minutes,
    MinutesRemark,
    Negotiation,
    NoteHeading,
    Round,
    RoundStage,
    StatedFigure,
    Summary,
    Workshop,
    WorkshopNote,
)
from negotiations.planning.calendars import feeds
from negotiations.planning.highlights import keeping
from negotiations.planning.stages.keeping import add_stage
from negotiations.reporting.board import freeze, open_summary, put_on_agenda
from negotiations.reporting.writing import add_feedback
from negotiations.sitting.agenda_templates import Matter, save_template
from negotiations.sitting.attending import Entry, add_people, set_head_counts
from negotiations.sitting.core_groups import save_core_group, save_figure
from negotiations.sitting.files import store_file
from negotiations.sitting.workshop import add_findings, add_theme
from negotiations.sitting.workshop_day.grouping import add_heading
from negotiations.sitting.workshop_day.opening import open_workshop
from negotiations.sitting.workshop_day.posting import Posted, post, token_of
from tests.factories import make_held, make_organisation, make_person, make_priority, make_round
from tests.municipalities.cards.sample import make_card
from tests.negotiations.test_board import MEETING
from tests.negotiations.test_checking import later

ROLES = (
    "coordinator",
    "editor",
    "second_editor",
    "reader",
    "board_member",
    "outsider",
    "administrator",
    "anonymous",
)
# What each letter of the table stands for. "." is any answer but a refusal: the page, a redirect after a move,
# a form with errors, or a conflict.
REFUSALS = {"3": 403, "4": 404, "L": "login"}


@dataclass(frozen=True)
class Row:
    """An address: how it is asked, of what, and the answer for each role inside the county, in the order of ROLES."""

    answers: str
    method: str = "get"
    of: str = ""

    def __post_init__(self) -> None:
        """Each row has the five roles of the county; outsider, administrator and anonymous are the same for all."""
        assert len(self.answers) == 5


# In the world below, Hankasalmi (editor and reader) negotiated; its minutes are being checked; the round's summary is
# on the board's agenda and not published. The order: coordinator, editor, second editor, reader, board member.
COUNTY: dict[str, Row] = {
    "county_home": Row("....."),
    "county_style": Row("....."),
    "county_logo": Row("44444"),  # the county has none
    "county_settings": Row(".3333"),
    "search": Row("....."),
    "help": Row("....."),
    "duty": Row("....3"),
    "measures": Row("....."),
    "promises": Row(".....", of="municipality"),
    "measure_status": Row(".3434", of="measure"),
    "negotiations": Row("....3"),
    "register": Row(".3333"),
    "register_doubles": Row(".3333"),
    "register_import": Row(".3333"),
    "register_template": Row(".3333"),
    "person_new": Row(".3333"),
    "person_edit": Row(".3333", of="person"),
    "person_merge": Row(".3333", of="person"),
    "person_remove": Row(".3333", "post", of="person"),
    "organisations": Row(".3333"),
    "organisation_new": Row(".3333"),
    "organisation_edit": Row(".3333", of="organisation"),
    "organisation_merge": Row(".3333", of="organisation"),
    "organisation_remove": Row(".3333", "post", of="organisation"),
    "priority_new": Row(".3333"),
    "priority_edit": Row(".3333", of="priority"),
    "priority_remove": Row(".3333", "post", of="priority"),
    "rounds": Row("....3"),
    "round": Row("....4", of="round"),
    "round_schedule": Row("....4", of="round"),
    "round_groups": Row("....4", of="round"),
    "round_year": Row("....4", of="round"),
    "round_stage_new": Row(".3334", of="round"),
    "round_stages_template": Row(".3334", of="round"),
    "round_stages_take_back": Row(".3334", "post", of="round"),
    "round_stage_restore": Row(".3334", "post", of="round"),
    "round_stage": Row(".3334", of="stage"),
    "round_stage_done": Row(".3334", "post", of="stage"),
    "round_stage_not_done": Row(".3334", "post", of="stage"),
    "round_stage_move": Row(".3334", "post", of="stage"),
    "round_stage_remove": Row(".3334", "post", of="stage"),
    "round_approval": Row(".3334", of="round"),
    "round_approval_remove": Row(".3334", "post", of="round"),
    "round_approval_restore": Row(".3334", "post", of="round"),
    "round_availability": Row(".3334", of="round"),
    "round_availability_ask": Row(".3334", of="round"),
    "round_availability_edit": Row(".3334", of="inquiry"),
    "round_availability_remind": Row(".3334", "post", of="round"),
    "round_availability_restore": Row(".3334", "post", of="round"),
    "round_availability_answer": Row(".3334", of="availability"),
    "round_availability_send": Row(".3334", of="availability"),
    "round_availability_withdraw": Row(".3334", "post", of="availability"),
    "round_proposal": Row(".3334", of="round"),
    "round_proposal_undo": Row(".3334", "post", of="round"),
    "round_new": Row(".3333"),
    "round_slots": Row(".3334", of="round"),
    "round_slots_preview": Row(".3334", method="post", of="round"),
    "round_edit": Row(".3334", of="round"),
    "round_remove": Row(".3334", "post", of="round"),
    "round_fill": Row(".3334", of="round"),
    "round_log": Row("....4", of="round"),
    "round_board": Row(".3334", of="round"),
    "round_board_state": Row(".3334", of="round"),
    "round_board_fits": Row("43334", of="round"),  # of no negotiation
    "round_board_place": Row(".3334", of="round"),
    "round_board_undo": Row(".3334", "post", of="round"),
    "groups": Row("....3"),
    "groups_copy": Row(".3333", "post"),
    "round_cards": Row(".3334", of="round"),
    "round_cards_bundle": Row(".3334", "post", of="round"),
    "round_attendance": Row("....4", of="round"),
    "round_core_group_new": Row(".3334", of="round"),
    "round_core_group_restore": Row(".3334", "post", of="round"),
    "round_core_group": Row(".3334", of="core_group"),
    "round_core_group_remove": Row(".3334", "post", of="core_group"),
    "round_figure_new": Row(".3334", of="round"),
    "round_figure_restore": Row(".3334", "post", of="round"),
    "round_figure": Row(".3334", of="figure"),
    "round_figure_remove": Row(".3334", "post", of="figure"),
    "round_workshops": Row("....4", of="round"),
    "round_findings": Row(".3334", of="round"),
    "round_theme_new": Row(".3334", of="round"),
    "round_themes_usual": Row(".3334", "post", of="round"),
    "round_theme_restore": Row(".3334", "post", of="round"),
    "round_theme": Row(".3334", of="theme"),
    "round_theme_move": Row(".3334", "post", of="theme"),
    "round_theme_remove": Row(".3334", "post", of="theme"),
    "round_finding": Row(".3334", of="finding"),
    "round_finding_move": Row(".3334", "post", of="finding"),
    "round_finding_remove": Row(".3334", "post", of="finding"),
    "round_finding_restore": Row(".3334", "post", of="round"),
    "negotiation_new": Row(".3333"),
    "negotiation": Row("..4.4", of="negotiation"),
    "negotiation_calendar": Row("..4.4", of="negotiation"),
    "calendars": Row("....3"),
    "calendar_revoke": Row(".4443", "post", of="calendar"),
    "negotiation_edit": Row(".3434", of="negotiation"),
    "negotiation_wish": Row(".3434", of="negotiation"),
    "negotiation_parties": Row(".3434", of="negotiation"),
    "negotiation_remove": Row(".3434", of="negotiation"),
    "negotiation_convene": Row(".3434", "post", of="negotiation"),
    "negotiation_hold": Row(".3434", of="negotiation"),
    "negotiation_postpone": Row(".3434", of="negotiation"),
    "negotiation_cancel": Row(".3434", of="negotiation"),
    "negotiation_reinstate": Row(".3434", "post", of="negotiation"),
    "negotiation_take_back": Row(".3434", "post", of="negotiation"),
    "negotiation_agenda": Row(".3434", of="negotiation"),
    "agenda_add": Row(".3434", "post", of="negotiation"),
    "agenda_usual": Row(".3434", "post", of="negotiation"),
    "agenda_restore": Row(".3434", "post", of="negotiation"),
    "agenda_item_edit": Row(".3434", of="item"),
    "agenda_item_move": Row(".3434", "post", of="item"),
    "agenda_item_remove": Row(".3434", "post", of="item"),
    "agenda_item_defer": Row(".3434", "post", of="item"),
    "agenda_take_along": Row(".3434", "post", of="negotiation"),
    "agenda_save_as_template": Row(".3434", of="negotiation"),
    "agenda_attachment_new": Row(".3434", of="item"),
    "agenda_attachment_restore": Row(".3434", "post", of="item"),
    "agenda_attachment": Row(".3434", of="agenda_attachment"),
    "agenda_attachment_move": Row(".3434", "post", of="agenda_attachment"),
    "agenda_attachment_remove": Row(".3434", "post", of="agenda_attachment"),
    "agenda_attachment_file": Row("..4.4", of="agenda_attachment"),
    "agenda_templates": Row(".3333"),
    "agenda_template_new": Row(".3333"),
    "agenda_template_restore": Row(".3333", "post"),
    "agenda_template_usual": Row(".3333", "post"),
    "agenda_template": Row(".3333", of="agenda_template"),
    "agenda_template_edit": Row(".3333", of="agenda_template"),
    "agenda_template_copy": Row(".3333", "post", of="agenda_template"),
    "agenda_template_remove": Row(".3333", "post", of="agenda_template"),
    "agenda_template_add": Row(".3333", "post", of="agenda_template"),
    "agenda_template_item_restore": Row(".3333", "post", of="agenda_template"),
    "agenda_template_item": Row(".3333", of="agenda_template_item"),
    "agenda_template_item_move": Row(".3333", "post", of="agenda_template_item"),
    "agenda_template_item_remove": Row(".3333", "post", of="agenda_template_item"),
    "negotiation_attendance": Row("..4.4", of="negotiation"),
    "negotiation_statuses": Row(".3434", "post", of="negotiation"),
    "negotiation_counts": Row(".3434", "post", of="negotiation"),
    "negotiation_person_add": Row(".3434", of="negotiation"),
    "negotiation_people_add": Row(".3434", of="negotiation"),
    "negotiation_teams": Row(".3434", of="negotiation"),
    "live_attendance": Row(".3434", of="negotiation"),
    "negotiation_person_restore": Row(".3434", "post", of="negotiation"),
    "negotiation_person": Row(".3434", of="attendance"),
    "negotiation_person_remove": Row(".3434", "post", of="attendance"),
    "negotiation_material": Row("..4.4", of="negotiation"),
    "highlight_new": Row(".3434", of="negotiation"),
    "highlight_take": Row("43434", "post", of="negotiation"),  # nothing is suggested here
    "highlight_dismiss": Row("43434", "post", of="negotiation"),
    "highlight_recall": Row("43434", "post", of="negotiation"),
    "highlight_restore": Row(".3434", "post", of="negotiation"),
    "highlight_edit": Row(".3434", of="highlight"),
    "highlight_move": Row(".3434", "post", of="highlight"),
    "highlight_remove": Row(".3434", "post", of="highlight"),
    "negotiation_workshop": Row("..4.4", of="negotiation"),
    "negotiation_findings": Row(".3434", of="negotiation"),
    "workshop_open": Row(".3434", of="workshop"),
    "workshop_close": Row(".3434", "post", of="workshop"),
    "workshop_reopen": Row(".3434", "post", of="workshop"),
    "workshop_groups": Row(".3434", of="workshop"),
    "workshop_board": Row(".3434", of="workshop"),
    "workshop_board_state": Row(".3434", of="workshop"),
    "workshop_notes": Row("43434", "post", of="workshop"),  # nothing is said to be done
    "workshop_notes_undo": Row(".3434", "post", of="workshop"),
    "workshop_heading_new": Row(".3434", "post", of="workshop"),
    "workshop_heading_restore": Row(".3434", "post", of="workshop"),
    "workshop_heading": Row(".3434", of="heading"),
    "workshop_heading_remove": Row(".3434", "post", of="heading"),
    "workshop_measure": Row(".3434", of="note"),
    "workshop_measure_undo": Row(".3434", "post", of="note"),
    "negotiation_minutes": Row("..4.4", of="negotiation"),
    "negotiation_log": Row("..4.4", of="negotiation"),
    "pre_read_render": Row(".3434", "post", of="negotiation"),
    "material_send": Row(".3434", "post", of="negotiation"),
    "material_slides": Row("44444", of="negotiation"),  # none have been made
    "municipalities": Row("....."),
    "municipality": Row(".....", of="municipality"),
    "imports": Row(".3333"),
    "import_run": Row(".3333", of="import_run"),
    "figures_import": Row(".3333"),
    "figures_template": Row(".3333"),
    "figures": Row("....."),
    "indicator": Row(".....", of="own_indicator"),
    "indicator_chart": Row(".....", of="own_indicator"),
    "catalogue": Row("....."),
    "indicator_new": Row(".3333"),
    "indicator_edit": Row(".....", of="own_indicator"),
    "indicator_remove": Row(".3333", "post", of="own_indicator"),
    "indicator_sets": Row("....."),
    "indicator_set_new": Row(".3333"),
    "indicator_set": Row(".....", of="own_set"),
    "indicator_set_edit": Row(".3333", of="own_set"),
    "indicator_set_copy": Row(".3333", of="own_set"),
    "indicator_set_remove": Row(".3333", "post", of="own_set"),
    "indicator_set_add": Row(".3333", of="own_set"),
    "indicator_set_restore": Row(".3333", "post", of="own_set"),
    "indicator_set_item_move": Row(".3333", "post", of="own_set_item"),
    "indicator_set_item_remove": Row(".3333", "post", of="own_set_item"),
    "cards_now": Row("....."),
    "card_year_new": Row(".3333"),
    "cards": Row(".....", of="card_year"),
    "card_year_edit": Row(".3333", of="card_year"),
    "card_year_lock": Row(".3333", of="card_year"),
    "card_year_unlock": Row(".3333", of="card_year"),
    "cards_remind": Row(".3333", "post", of="card_year"),
    "card_remind": Row(".3333", "post", of="card_year"),
    "cards_bundle": Row(".3333", "post", of="card_year"),
    "card_bundle": Row(".3333", of="card_bundle"),
    "card_bundle_zip": Row(".3333", of="card_bundle"),
    "card_paper": Row("..4..", "post", of="card_version"),
    "card_word": Row("..4..", of="card_version"),
    "card_link_again": Row("3.433", of="card_version"),
    "material_card": Row("44444", of="negotiation"),  # nothing has been confirmed
    "card": Row("..4..", of="card_version"),
    "card_start": Row("3.433", "post", of="card_version"),
    "card_save": Row("3.433", "post", of="card_version"),
    "card_restore": Row("3.433", "post", of="card_version"),
    "card_approval": Row("3.433", of="card_version"),
    "card_send": Row("3.433", "post", of="card_version"),
    "card_withdraw": Row("3.433", "post", of="card_version"),
    "card_approve": Row("33433", "post", of="card_version"),  # nobody approves this one
    "card_return": Row(".3433", of="card_version"),
    "card_compare": Row("44444", of="card_version"),  # the first version has nothing before it
    "deputies": Row("...33"),
    "deputy_new": Row("...33"),
    "deputy_restore": Row("...33", "post"),
    "deputy_end": Row("..433", "post", of="deputy"),
    "deputy_letter": Row("..433", "post", of="deputy"),
    "documents": Row("....."),
    "document": Row("..4.4", of="minutes_document"),
    "document_download": Row("..4.4", of="minutes_document"),
    "document_retry": Row(".3434", "post", of="minutes_document"),
    "minutes_render": Row(".3434", "post", of="minutes"),
    "minutes_send": Row(".3434", "post", of="minutes"),
    "minutes_return": Row(".3434", "post", of="minutes"),
    "minutes_mark": Row("..434", "post", of="minutes"),
    "minutes_publish": Row(".3434", "post", of="minutes"),
    "minutes_open": Row(".3434", "post", of="negotiation"),
    "quick_minutes": Row(".3434", of="negotiation"),
    "minutes_paste": Row(".3434", of="negotiation"),
    "minutes_part": Row(".3434", of="part"),
    "minutes_item": Row(".3434", of="item"),
    "minutes_checker_add": Row(".3434", of="minutes"),
    "minutes_checker_undo": Row(".3434", "post", of="minutes"),
    "minutes_checker": Row(".3434", of="check"),
    "minutes_checker_remove": Row(".3434", "post", of="check"),
    "minutes_checker_replace": Row(".3434", of="check"),
    "minutes_checker_link": Row(".3434", "post", of="check"),
    "minutes_checker_remind": Row(".3434", "post", of="check"),
    "minutes_signature_link": Row(".3434", "post", of="signature"),
    "minutes_check": Row("..434", of="minutes"),
    "minutes_check_remark": Row("..434", of="minutes"),
    "minutes_check_withdraw": Row("..434", "post", of="minutes"),
    "minutes_versions": Row("..4.4", of="minutes"),
    "minutes_amend_item": Row(".3434", of="minutes"),
    "minutes_amend_part": Row(".3434", of="minutes"),
    "minutes_remark": Row(".3434", of="remark"),
    "minutes_sign": Row(".3434", of="minutes"),
    "minutes_signer": Row(".3434", of="minutes"),
    "minutes_sign_back": Row(".3434", "post", of="minutes"),
    "minutes_correct": Row(".3434", "post", of="minutes"),
    "minutes_correction_remove": Row(".3434", "post", of="minutes"),
    "minutes_entry_add": Row(".3434", of="minutes"),
    "minutes_entry_undo": Row(".3434", "post", of="minutes"),
    "minutes_entry": Row(".3434", of="entry"),
    "minutes_entry_remove": Row(".3434", "post", of="entry"),
    "minutes_papers": Row(".3434", of="minutes"),
    "minutes_public": Row(".3434", "post", of="minutes"),
    # Of no item: there is none such.
    "minutes_excerpt": Row("43434", "post", of="minutes"),
    "minutes_attachment_list": Row(".3434", "post", of="minutes"),
    "minutes_word": Row("..4.4", of="minutes"),
    "minutes_package": Row(".3434", of="minutes"),
    "minutes_attachment_new": Row(".3434", of="minutes"),
    "minutes_attachment_file": Row("..4.4", of="attachment"),
    "minutes_attachments_add": Row(".3434", of="minutes"),
    "minutes_attachments_undo": Row(".3434", "post", of="minutes"),
    "minutes_attachment": Row(".3434", of="attachment"),
    "minutes_attachment_move": Row(".3434", "post", of="attachment"),
    "minutes_attachment_remove": Row(".3434", "post", of="attachment"),
    "measures_add": Row(".3434", of="negotiation"),
    "measures_undo": Row(".3434", "post", of="negotiation"),
    "round_measures_add": Row(".3334", of="round"),
    "round_measures_undo": Row(".3334", "post", of="round"),
    "measure_edit": Row(".3434", of="measure"),
    "measure_remove": Row(".3434", "post", of="measure"),
    "live": Row(".3434", of="negotiation"),
    "live_state": Row(".3434", of="negotiation"),
    "live_save": Row(".3434", "post", of="negotiation"),
    "live_room": Row(".3434", of="negotiation"),
    "live_room_state": Row(".3434", of="negotiation"),
    "live_end": Row(".3434", of="negotiation"),
    "live_part_open": Row(".3434", "post", of="part"),
    "live_part_close": Row(".3434", "post", of="part"),
    "live_part_reopen": Row(".3434", "post", of="part"),
    "live_item": Row(".3434", "post", of="item"),
    "live_measure": Row(".3434", "post", of="item"),
    "summaries": Row("....."),
    "summary": Row(".444.", of="summary"),
    "summary_open": Row(".3334", "post", of="round"),
    "summary_write": Row(".4443", of="summary"),
    "feedback_new": Row(".3334", of="round"),
    "feedback_edit": Row(".3334", of="feedback"),
    "feedback_remove": Row(".3334", "post", of="feedback"),
    "summary_render": Row(".4443", "post", of="summary"),
    "summary_freeze": Row(".4443", "post", of="summary"),
    "summary_reopen": Row(".4443", "post", of="summary"),
    "summary_put_on_agenda": Row(".4443", "post", of="summary"),
    "summary_note": Row(".4443", "post", of="summary"),
    "summary_publish": Row(".4443", "post", of="summary"),
}
# What is the same for all counties: the figures of the whole country.
NATIONAL = {"import_run"}
# Addresses outside any county: the answer for nobody and for everybody who has signed in.
OPEN = {
    "healthz": (200, 200),
    "home": ("login", "any"),
    "profile": ("login", 200),
    "set_language": (302, 302),
    "card_link": (404, 404),  # nobody knows such a token
    "availability_link": (404, 404),
    "minutes_link": (404, 404),
    "minutes_link_remark": (404, 404),
    "minutes_link_withdraw": (405, 405),
    "calendar_feed": (404, 404),
    "workshop_join": (200, 200),
    "workshop_phone": (404, 404),
    "workshop_phone_state": (404, 404),
    "workshop_post": (405, 405),  # notes are sent there
    "workshop_take_back": (405, 405),
}
# Those that a token opens.
BY_TOKEN = {
    "card_link",
    "calendar_feed",
    "availability_link",
    "minutes_link",
    "minutes_link_remark",
    "minutes_link_withdraw",
    "workshop_phone",
    "workshop_phone_state",
    "workshop_post",
    "workshop_take_back",
}
# What stands in their addresses after the token.
AFTER_TOKEN: dict[str, list[object]] = {
    "minutes_link_remark": ["yleista"],
    "minutes_link_withdraw": [1],
    "workshop_take_back": [1],
}
# Other people's address books, by the prefix of their path.
PREFIXES = ("admin/", "tili/")


@dataclass(frozen=True)
class World:
    """What the addresses are about."""

    county: County
    round: Round
    negotiation: Negotiation
    minutes: Minutes
    summary: Summary
    municipality: Municipality
    priority: Priority
    feedback: FeedbackNote
    person: Person
    organisation: Organisation


def add_attendance_and_workshop(negotiation: Negotiation, *, by: User) -> None:
    """Add somebody who took part, a head count with its core group, a stated figure, and a theme with a finding."""
    round_, county = negotiation.round, negotiation.county
    assert round_ is not None
    add_people(negotiation, [Entry(Sector.MUNICIPALITY, "Maija", "koordinaattori")], by=by)
    set_head_counts(negotiation, {Sector.COUNTY: 3}, by=by)
    group = CoreGroup(county=county, round=round_, name="Ydinryhmä", sector=Sector.COUNTY, size=2)
    save_core_group(group, [negotiation], by=by)
    figure = StatedFigure(county=county, round=round_, sectors=[Sector.COUNTY], value=4, source="Yhteenveto")
    save_figure(figure, by=by)
    theme = add_theme(round_, "Perhekeskus", ["Ilmiöt"], by=by)
    add_findings({theme.columns.get().pk: ["Yksinäisyys"]}, round_=round_, negotiation=negotiation, by=by)
    workshop = open_workshop(negotiation, ["Ryhmä 1"], by=by)
    column = theme.columns.get().pk
    add_heading(workshop, column, "Otsikko", by=by)
    token = token_of(workshop.groups.get(), workshop.code or "")
    post(token, Posted(uuid4(), column, "Lappu"))
    keeping.add(negotiation, Highlight(text="Nosto."), by=by)
    add_stage(round_, RoundStage(name="Kutsut"), None, by=by)


@pytest.fixture
def world(keski_suomi: County, coordinator: User, hankasalmi: Municipality, joutsa: Municipality) -> World:
    """A round with one negotiation of Hankasalmi, held and being minuted, and a summary on the agenda."""
    run = ImportRun.objects.create(source="sotkanet", label="22.11.2026", retrieved_on=date(2026, 11, 22))
    own = Indicator.objects.create(owner=keski_suomi.area, name_fi="Oma mittari", theme="Osallisuus")
    IndicatorValue.objects.create(indicator=own, area=hankasalmi.area, year=2024, value=1.0, run=run)
    IndicatorSet.objects.create(owner=keski_suomi.area, name="Joukko", version="2024").items.create(
        indicator=own, position=1
    )
    with scope(county=keski_suomi):
        round_ = make_round(keski_suomi)
        negotiation = make_held(round_, [hankasalmi], by=coordinator)
        (minutes,) = open_minutes(negotiation, by=coordinator)
        attach(minutes, "Nostot", upload=SimpleUploadedFile("nostot.txt", b"Nostot."), by=coordinator)
        add_measures([Agreed("Teko.", Owner(Sector.COUNTY))], of=negotiation, by=coordinator)
        add_attendance_and_workshop(negotiation, by=coordinator)
        minutes = send_for_checking(minutes, check_by=later(), by=coordinator)
        summary = freeze(open_summary(round_, by=coordinator), by=coordinator)
        summary = put_on_agenda(summary, body="Aluehallitus", on=MEETING, by=coordinator)
        minutes.refresh_from_db()
        priority = make_priority(keski_suomi)
        person, organisation = make_person(keski_suomi), make_organisation(keski_suomi)
        (feedback,) = add_feedback(round_, ["Hyvä."], given_on=date(2024, 12, 2), occasion="Purku", by=coordinator)
    return World(
        keski_suomi, round_, negotiation, minutes, summary, hankasalmi, priority, feedback, person, organisation
    )


def card_version(world: World) -> CardVersion:
    """Return the municipality's card as it was sent, made where it is asked for."""
    sent: CardVersion | None = CardVersion.objects.first()
    return sent or send_card(make_card(world.municipality), by=None)


def card_bundle(world: World) -> CardBundle:
    """Return a bundle of the year's cards, made where it is asked for."""
    made: CardBundle | None = CardBundle.objects.first()
    if made is not None:
        return made
    by = User.objects.get(email="coordinator@example.fi")
    return make_bundle(card_version(world).card.card_year, [world.municipality], title="Kortit", by=by)


def deputy(world: World) -> Membership:
    """Return a deputy of the municipality, named where they are asked for."""
    days = Days(timezone.localdate(), timezone.localdate())
    by = User.objects.get(email="coordinator@example.fi")
    named: Membership | None = Membership.objects.filter(ends_on=days.ends_on).first()
    return named or appoint(world.municipality, email="deputy@example.fi", name="Sijainen", days=days, by=by)


def calendar(world: World) -> CalendarFeed:
    """Return the address of a calendar that the coordinator has made, made where it is asked for."""
    return feeds.make(world.county, "own", token="token", by=User.objects.get(email="coordinator@example.fi"))


def availability(world: World) -> AvailabilityRequest:
    """Return the request by which the municipality is asked which times suit it, made where it is asked for."""
    inquiry, _new = AvailabilityInquiry.objects.get_or_create(
        round=world.round, defaults={"county": world.county, "answer_by": timezone.localdate()}
    )
    asked: AvailabilityRequest | None = inquiry.requests.first()
    return asked or inquiry.requests.create(
        county=world.county, municipality=world.municipality, delete_after=timezone.localdate()
    )


def minutes_remark(world: World) -> MinutesRemark:
    """Return the remark of the checker, made where it is asked for."""
    made: MinutesRemark | None = MinutesRemark.objects.first()
    return made or remark(world.minutes.checks.get(), None, text="Tarkista luvut.", by=None)


def agenda_attachment(world: World) -> AgendaAttachment:
    """Return what is attached to the agenda, with a file, made where it is asked for."""
    made: AgendaAttachment | None = AgendaAttachment.objects.first()
    file = made.file if made else store_file(world.county.pk, SimpleUploadedFile("a.txt", b"a"))
    item = world.negotiation.parts.get().items.all()[0]
    return made or item.attachments.create(county=world.county, position=1, title="Liite", file=file)


def agenda_template(world: World) -> AgendaTemplate:
    """Return a template of agendas with its item, made where it is asked for."""
    made: AgendaTemplate | None = AgendaTemplate.objects.first()
    return made or save_template(
        AgendaTemplate(county=world.county, legal_basis=LegalBasis.WELFARE, name="Pohja"),
        matters=[Matter("Asia")],
        by=None,
    )


# What the minutes of the world are made of, by the name in the table.
MINUTED: dict[str, Callable[[World], Model]] = {
    "part": lambda world: world.negotiation.parts.get(),
    "item": lambda world: world.negotiation.parts.get().items.all()[0],
    "check": lambda world: world.minutes.checks.get(),
    "attachment": lambda world: world.minutes.attachments.get(),
    "remark": minutes_remark,
    "signature": lambda world: world.minutes.signatures.get(role="chair"),
    "entry": lambda world: world.minutes.entries.get_or_create(
        county=world.county, position=1, defaults={"place": "1 §", "was": "a", "now": "b", "reason": "Virhe."}
    )[0],
    "measure": lambda world: world.negotiation.measures.get(),
    "agenda_attachment": agenda_attachment,
    "agenda_template": agenda_template,
    "agenda_template_item": lambda world: agenda_template(world).items.all()[0],
    "attendance": lambda world: world.negotiation.attendances.get(is_head_count=False),
    "core_group": lambda world: world.round.core_groups.get(),
    "workshop": lambda world: Workshop.objects.get().negotiation,
    "heading": lambda world: NoteHeading.objects.get(workshop__negotiation=world.negotiation),
    "note": lambda world: WorkshopNote.objects.get(workshop__negotiation=world.negotiation),
    "stage": lambda world: world.round.stages.get(),
    "figure": lambda world: world.round.stated_figures.get(),
    "theme": lambda world: world.round.themes.get(),
    "finding": lambda world: world.negotiation.observations.get(),
    "card_version": card_version,
    "card_bundle": card_bundle,
    "deputy": deputy,
    "availability": availability,
    "inquiry": lambda world: availability(world).inquiry.round,
    "calendar": calendar,
    "import_run": lambda world: ImportRun.objects.get(),
    "highlight": lambda world: Highlight.objects.get(negotiation=world.negotiation),
    "own_indicator": lambda world: Indicator.objects.get(owner=world.county.area),
    "own_set": lambda world: IndicatorSet.objects.get(owner=world.county.area, name="Joukko"),
    "own_set_item": lambda world: IndicatorSetItem.objects.get(indicator_set__owner=world.county.area),
}


def address(name: str, row: Row, world: World) -> str:
    """Return the address of the row's thing."""
    kwargs: dict[str, object] = {"county": world.county.slug}
    if row.of == "municipality":
        kwargs["code"] = world.municipality.area.code
    elif row.of == "card_version" and name not in {"card_paper", "card_word"}:
        with scope(county=world.county):
            version = card_version(world)
        kwargs |= {"year": version.card.card_year.year, "code": world.municipality.area.code}
        kwargs |= {"pk": version.pk} if name == "card_compare" else {}
    elif row.of == "card_year":
        with scope(county=world.county):
            kwargs["year"] = card_version(world).card.card_year.year
        if name == "card_remind":
            kwargs["code"] = world.municipality.area.code
    elif row.of in MINUTED:
        with scope(county=world.county):
            kwargs["pk"] = MINUTED[row.of](world).pk
    elif row.of == "minutes_document":
        kwargs["pk"] = world.minutes.document_id
    elif name in {"groups", "groups_copy"}:
        kwargs["year"] = world.round.year
    elif row.of:
        kwargs["pk"] = getattr(world, row.of).pk
    if name == "indicator_chart":
        kwargs["kind"] = "svg"
    if name in {"minutes_sign", "minutes_signer", "minutes_sign_back"}:
        kwargs["role"] = "sihteeri"
    if name in {"minutes_amend_item", "minutes_amend_part"}:
        kind = name.removeprefix("minutes_amend_")
        with scope(county=world.county):
            kwargs[kind] = MINUTED[kind](world).pk
    if name == "agenda_save_as_template":
        with scope(county=world.county):
            kwargs["part"] = MINUTED["part"](world).pk
    if name == "agenda_template_usual":
        kwargs["key"] = "welfare-fi"
    if name == "minutes_check_remark":
        kwargs["key"] = "yleista"
    if name == "minutes_check_withdraw":
        with scope(county=world.county):
            kwargs["remark"] = minutes_remark(world).pk
    if name == "material_card":
        kwargs["version"] = 1
    return reverse(name, kwargs=kwargs)


def data_of(name: str, world: World) -> dict[str, object]:
    """Return what the form at the address asks for, where the answer depends on it."""
    if name in {
        "agenda_item_move",
        "agenda_attachment_move",
        "agenda_template_item_move",
        "indicator_set_item_move",
    }:
        return {"direction": "up"}
    if name not in {"minutes_mark", "agenda_add", "agenda_usual", "agenda_take_along"}:
        return {}
    with scope(county=world.county):
        if name.startswith("agenda"):
            return {"part": world.negotiation.parts.get().pk, "titles": "Asia"}
        return {"check": world.minutes.checks.get().pk, "outcome": "approved", "version": 1}


def every_name() -> dict[str, str]:
    """Return every address of ours: its name and its pattern."""
    found: dict[str, str] = {}

    def walk(patterns: list[URLPattern | URLResolver], before: str) -> None:
        for pattern in patterns:
            path = before + str(pattern.pattern)
            if path.startswith(PREFIXES):
                continue
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            else:
                found[pattern.name or path] = path

    walk(get_resolver().url_patterns, "")
    return found


def test_every_address_is_in_the_table() -> None:
    """One that is added must be judged here first."""
    assert set(every_name()) == set(COUNTY) | set(OPEN)


def test_no_two_addresses_are_the_same() -> None:
    """The second one would never be reached."""
    paths = list(every_name().values())
    assert sorted(paths) == sorted(set(paths))


def is_as_told(letter: str, response: HttpResponse) -> bool:
    """Whether an answer is what a letter of the table stands for."""
    to_sign_in = response.headers.get("Location", "").startswith(reverse("account_login"))
    if letter == "L":
        return response.status_code == 302 and to_sign_in
    if letter == ".":
        return response.status_code in {200, 302, 409, 422} and not to_sign_in
    return response.status_code == REFUSALS[letter]


@pytest.mark.parametrize("role", ROLES)
def test_county_addresses(
    role: str, world: World, client_for: Callable[[User | None], Client], request: pytest.FixtureRequest
) -> None:
    """Each answer is the table's; another county's things and an installation's administrator's are 404."""
    client = client_for(None if role == "anonymous" else request.getfixturevalue(role))
    wrong: dict[str, tuple[str, int]] = {}
    for name, row in COUNTY.items():
        letter = {"outsider": "4", "administrator": "4", "anonymous": "L"}.get(role) or row.answers[ROLES.index(role)]
        # What one does is undone before the next.
        with transaction.atomic():
            response = getattr(client, row.method)(address(name, row, world), data_of(name, world))
            if not is_as_told(letter, response):
                wrong[name] = (letter, response.status_code)
            connection.check_constraints()
            transaction.set_rollback(True)
    assert wrong == {}


def test_a_move_is_not_made_by_following_a_link(
    world: World, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """GET changes nothing."""
    client = client_for(coordinator)
    moves = {name: row for name, row in COUNTY.items() if row.method == "post"}
    assert moves
    assert {
        name: status
        for name, row in moves.items()
        if (status := client.get(address(name, row, world)).status_code) != 405
    } == {}


@pytest.mark.parametrize("name", list(OPEN))
def test_open_address(name: str, coordinator: User, client_for: Callable[[User | None], Client]) -> None:
    """Outside any county."""
    for user, expected in zip((None, coordinator), OPEN[name], strict=True):
        args = ["tuntematon", *AFTER_TOKEN.get(name, [])] if name in BY_TOKEN else []
        response = client_for(user).get(reverse(name, args=args))
        if expected == "login":
            assert response.headers["Location"].startswith(reverse("account_login"))
        elif expected == "any":
            assert response.status_code in {200, 302}
        else:
            assert response.status_code == expected


@pytest.mark.parametrize("slug", ["keski-uusimaa", "ei-olemassa"])
def test_another_county_and_one_that_is_not_there_look_alike(
    slug: str, keski_uusimaa: County, coordinator: User, client_for: Callable[[User | None], Client]
) -> None:
    """404 for both."""
    assert client_for(coordinator).get(reverse("county_home", kwargs={"county": slug})).status_code == 404


def test_ids_of_another_county_are_unknown_in_ones_own(
    world: World,
    keski_uusimaa: County,
    mantsala: Municipality,
    outsider: User,
    client_for: Callable[[User | None], Client],
) -> None:
    """Under one's own county's address too."""
    client = client_for(outsider)
    for name, row in COUNTY.items():
        if not row.of or name in NATIONAL:
            continue
        path = address(name, row, world).replace("/keski-suomi/", "/keski-uusimaa/")
        assert getattr(client, row.method)(path).status_code == 404, name


def test_admin_opens_for_the_administrator_only(
    coordinator: User, administrator: User, client_for: Callable[[User | None], Client]
) -> None:
    """Everyone else is asked to sign in."""
    path = reverse("admin:index")
    assert client_for(administrator).get(path).status_code == 200
    assert client_for(coordinator).get(path).status_code == 302
    assert client_for(None).get(path).status_code == 302


@pytest.mark.django_db
def test_nobody_signs_up(client_for: Callable[[User | None], Client]) -> None:
    """Accounts are made by an administrator."""
    response = client_for(None).post(reverse("account_signup"), {"email": "new@example.fi"})
    assert response.status_code in {200, 302, 403, 404}
    assert not User.objects.filter(email="new@example.fi").exists()
