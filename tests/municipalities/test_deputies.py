"""Deputies: whose they are, their days, what they may do, and that nobody learns who has an account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from django_scopes import scope, scopes_disabled
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from municipalities.deputies.appointing import Days, appoint, check_days, end, year_from
from municipalities.models import County, Event, Membership, Municipality, User
from municipalities.moves import NotAllowedNow
from municipalities.tasks import send_deputy_letter
from tests.factories import make_user

Role = Membership.Role
ClientFor = Callable[[User | None], Client]
NEW = "sijainen@example.fi"


@pytest.fixture(autouse=True)
def _uncounted(settings: Settings) -> Iterator[None]:
    """In Finnish, with nothing counted yet."""
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": uuid4().hex}}
    with translation.override("fi"):
        yield


def ahead(days: int) -> date:
    """Return a day so many days from today."""
    return timezone.localdate() + timedelta(days=days)


def spell(first: int = 0, last: int = 10) -> Days:
    """Return days told from today."""
    return Days(ahead(first), ahead(last))


def url(name: str, *args: object) -> str:
    """Return an address of the cast's county."""
    return reverse(name, args=["keski-suomi", *args])


def sent(first: int = 0, last: int = 10, **values: object) -> dict[str, object]:
    """Return what the form is sent with."""
    days = {"starts_on": ahead(first).isoformat(), "ends_on": ahead(last).isoformat()}
    return {"email": NEW, "name": "Saara Sijainen", **days, **values}


def name_deputy(
    editor: User, municipality: Municipality, email: str = NEW, first: int = 0, last: int = 10
) -> Membership:
    """Name a deputy."""
    with scope(county=municipality.county):
        return appoint(municipality, email=email, name="Saara Sijainen", days=spell(first, last), by=editor)


# --- The days ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "is_in_force"),
    [
        (None, None, True),
        (-5, None, True),
        (0, None, True),
        (1, None, False),
        (None, 0, True),
        (None, -1, False),
        (0, 0, True),
        (-9, -1, False),
        (1, 9, False),
    ],
)
def test_a_membership_counts_from_its_first_day_to_its_last(
    first: int | None, last: int | None, is_in_force: bool, keski_suomi: County, hankasalmi: Municipality
) -> None:
    """Both days included; and so for everything that asks what a user is."""
    user = make_user("days@example.fi", Role.MUNICIPAL_EDITOR, keski_suomi, hankasalmi)
    days = {"starts_on": None if first is None else ahead(first), "ends_on": None if last is None else ahead(last)}
    Membership.objects.filter(user=user).update(**days)
    assert bool(User.objects.get(pk=user.pk).all_memberships) == is_in_force


def test_the_day_turns_at_midnight_in_finland(keski_suomi: County, hankasalmi: Municipality) -> None:
    """Not in Greenwich, where the last day has two hours left."""
    user = make_user("days@example.fi", Role.MUNICIPAL_EDITOR, keski_suomi, hankasalmi)
    Membership.objects.filter(user=user).update(ends_on=date(2026, 11, 25))
    for moment, count in (
        (datetime(2026, 11, 25, 21, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 25, 22, 0, tzinfo=UTC), 0),
    ):
        with patch("django.utils.timezone.now", return_value=moment):
            assert len(User.objects.get(pk=user.pk).all_memberships) == count


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 1), date(2026, 11, 24), "jo mennyt"),
        (date(2026, 12, 2), date(2026, 12, 1), "ennen ensimmäistä"),
        (date(2026, 12, 1), date(2027, 12, 1), "enintään vuosi"),
        (date(2026, 11, 25), date(2026, 11, 25), ""),
        (date(2026, 12, 1), date(2027, 11, 30), ""),
    ],
)
def test_days_that_can_be_a_deputys(first: date, last: date, said: str) -> None:
    """A year at most, the last one not in the past. Today is 25.11.2026."""
    if not said:
        check_days(Days(first, last), today=date(2026, 11, 25))
        return
    with pytest.raises(ValidationError) as refused:
        check_days(Days(first, last), today=date(2026, 11, 25))
    assert list(refused.value.message_dict) == ["ends_on"]
    assert said in refused.value.message_dict["ends_on"][0]


def test_a_year_from_a_leap_day() -> None:
    """Ends on the last of February."""
    assert year_from(date(2028, 2, 29)) == date(2029, 2, 28)
    assert year_from(date(2027, 3, 1)) == date(2028, 2, 29)


# --- Naming -----------------------------------------------------------------------------------------------------------


def test_a_deputy_sees_the_municipality_for_their_days_and_names_nobody(
    editor: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """Through the real pages: before, during and after."""
    row = name_deputy(editor, hankasalmi, first=0, last=3)
    client = client_for(User.objects.get(email=NEW))
    home = client.get(url("county_home"))
    assert home.status_code == 200
    assert "Hankasalmi" in home.content.decode()
    assert "sijaiset/" not in home.content.decode()
    for name in ("deputies", "deputy_new"):
        assert client.get(url(name)).status_code == 403
    assert client.post(url("deputy_new"), sent(email="toinen@example.fi")).status_code == 403
    assert client.post(url("deputy_end", row.pk)).status_code == 403
    for first, last, status in ((1, 3, 404), (-3, -1, 404), (-3, 0, 200)):
        Membership.objects.filter(pk=row.pk).update(starts_on=ahead(first), ends_on=ahead(last))
        assert client.get(url("county_home")).status_code == status


def test_the_editor_finds_the_page_and_names_a_deputy(
    editor: User, hankasalmi: Municipality, joutsa: Municipality, client_for: ClientFor
) -> None:
    """From the foot of the home page; the municipality is told, as there is none to choose."""
    client = client_for(editor)
    assert url("deputies") in client.get(url("county_home")).content.decode()
    form = client.get(url("deputy_new")).content.decode()
    assert "Hankasalmi" in form and "Joutsa" not in form
    assert f'value="{timezone.localdate().isoformat()}"' in form
    response = client.post(url("deputy_new"), sent(municipality=hankasalmi.pk), follow=True)
    assert response.redirect_chain == [(url("deputies"), 302)]
    assert NEW in response.content.decode()
    row = Membership.objects.get(user__email=NEW)
    assert (row.role, row.county, row.municipality, row.given_by) == (
        Role.MUNICIPAL_EDITOR,
        hankasalmi.county,
        hankasalmi,
        editor,
    )
    assert (row.starts_on, row.ends_on) == (ahead(0), ahead(10))
    user = row.user
    assert user.name == "Saara Sijainen" and not user.has_usable_password()
    with scopes_disabled():
        event = Event.objects.get(verb="deputy_named")
    assert event.user == editor
    assert NEW not in str(event.payload) and "Saara" not in str(event.payload)


def answer(client: Client, data: dict[str, object]) -> tuple[int, str]:
    """Return what a page tells of naming a deputy, without what is of this one answer alone."""
    response: HttpResponse = client.post(url("deputy_new"), data, follow=True)  # type: ignore[assignment]
    text = response.content.decode().replace(str(data["email"]), "OSOITE")
    return response.status_code, re.sub(r'(csrfmiddlewaretoken" value=")[^"]+|/\d+/', r"\1", text)


def test_the_answer_is_the_same_whether_there_is_an_account_or_not(
    editor: User, second_editor: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """Down to the page that follows: the name that the account has is not told either."""
    client = client_for(editor)
    new = answer(client, sent(municipality=hankasalmi.pk))
    Membership.objects.get(user__email=NEW).delete()
    old = answer(client, sent(municipality=hankasalmi.pk, email=second_editor.email))
    assert new == old
    assert "OSOITE" in new[1]
    second_editor.refresh_from_db()
    assert second_editor.name == "Second"
    assert second_editor.memberships.count() == 2


def test_the_address_is_known_whatever_its_letter_case(editor: User, reader: User, hankasalmi: Municipality) -> None:
    """A reader of the municipality becomes its editor for the time, and no second account is made."""
    row = name_deputy(editor, hankasalmi, email=reader.email.upper())
    assert row.user == reader
    assert {m.role for m in User.objects.get(pk=reader.pk).all_memberships} == {
        Role.MUNICIPAL_EDITOR,
        Role.MUNICIPAL_READER,
    }


def test_what_cannot_be_named_is_said_plainly(
    editor: User, keski_suomi: County, hankasalmi: Municipality, joutsa: Municipality, client_for: ClientFor
) -> None:
    """Oneself, an editor there, one who is a deputy already, and another's municipality."""
    make_user("toinen@example.fi", Role.MUNICIPAL_EDITOR, keski_suomi, hankasalmi)
    name_deputy(editor, hankasalmi, first=5, last=9)
    client = client_for(editor)
    before = Membership.objects.count()
    for values, said in (
        ({"email": editor.email.upper()}, "oma sijaisesi"),
        ({"email": "toinen@example.fi"}, "on jo kunnan muokkaaja (Hankasalmi)"),
        ({}, "on jo sijainen (Hankasalmi"),
        ({"municipality": joutsa.pk}, "Kunta"),
        ({"ends_on": ahead(-1).isoformat(), "starts_on": ahead(-3).isoformat()}, "jo mennyt"),
        ({"ends_on": ""}, "Anna viimeinen päivä"),
    ):
        response = client.post(url("deputy_new"), {**sent(municipality=hankasalmi.pk), **values})
        assert response.status_code == 422, values
        assert said in response.content.decode(), values
    assert Membership.objects.count() == before
    assert not User.objects.filter(email=editor.email.upper()).exists()


def test_a_former_deputy_is_named_anew(editor: User, hankasalmi: Municipality) -> None:
    """With new days; the log remembers the former ones."""
    row = name_deputy(editor, hankasalmi)
    Membership.objects.filter(pk=row.pk).update(starts_on=ahead(-9), ends_on=ahead(-1))
    again = name_deputy(editor, hankasalmi, last=30)
    assert again.pk == row.pk
    assert again.ends_on == ahead(30)
    with scopes_disabled():
        assert Event.objects.filter(verb="deputy_named", subject_id=row.pk).count() == 2


def test_many_in_a_short_time_are_too_many(editor: User, hankasalmi: Municipality, client_for: ClientFor) -> None:
    """Nobody floods the county with accounts and letters; nothing is made of the one too many."""
    client = client_for(editor)
    with patch("municipalities.deputies.views.NAMED", "2/h/user"):
        for number, status in enumerate((302, 302, 422)):
            data = sent(municipality=hankasalmi.pk, email=f"s{number}@example.fi")
            assert client.post(url("deputy_new"), data).status_code == status
    assert not User.objects.filter(email="s2@example.fi").exists()


# --- The list, ending, undoing ----------------------------------------------------------------------------------------


def test_an_editor_sees_their_own_municipalitys_deputies_and_the_coordinator_all(
    editor: User,
    second_editor: User,
    coordinator: User,
    outsider: User,
    hankasalmi: Municipality,
    joutsa: Municipality,
    client_for: ClientFor,
) -> None:
    """Another's is 404, as is another county's."""
    own, other = name_deputy(editor, hankasalmi), name_deputy(second_editor, joutsa, email="toinen@example.fi")
    page = client_for(editor).get(url("deputies")).content.decode()
    assert NEW in page and "toinen@example.fi" not in page
    assert client_for(editor).post(url("deputy_end", other.pk)).status_code == 404
    assert client_for(editor).post(url("deputy_letter", other.pk)).status_code == 404
    page = client_for(coordinator).get(url("deputies")).content.decode()
    assert NEW in page and "toinen@example.fi" in page
    foreign = reverse("deputy_end", args=["keski-uusimaa", own.pk])
    assert client_for(outsider).post(foreign).status_code == 404
    assert client_for(coordinator).post(url("deputy_end", other.pk)).status_code == 302
    assert not Membership.objects.filter(pk=other.pk).exists()
    data = sent(municipality=joutsa.pk, email="kolmas@example.fi")
    assert client_for(coordinator).post(url("deputy_new"), data).status_code == 302


def test_a_deputy_ended_is_out_at_once_and_can_be_brought_back(
    editor: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """By the button of the page that follows, with the days as they were; and not twice."""
    row = name_deputy(editor, hankasalmi)
    Membership.objects.filter(pk=row.pk).update(starts_on=ahead(-5))
    client, deputy = client_for(editor), client_for(row.user)
    assert deputy.get(url("county_home")).status_code == 200
    page = client.post(url("deputy_end", row.pk), follow=True).content.decode()
    assert deputy.get(url("county_home")).status_code == 404
    row.refresh_from_db()
    assert row.ends_on == ahead(-1)
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    assert client.post(url("deputy_restore"), {"token": found[1]}).status_code == 302
    row.refresh_from_db()
    assert (row.starts_on, row.ends_on, row.given_by) == (ahead(-5), ahead(10), editor)
    assert deputy.get(url("county_home")).status_code == 200
    assert client.post(url("deputy_restore"), {"token": found[1]}).status_code == 409


@pytest.mark.parametrize("first", [0, 4])
def test_of_one_ended_before_a_whole_day_only_the_log_is_left(
    first: int, editor: User, hankasalmi: Municipality, client_for: ClientFor
) -> None:
    """And it too can be brought back; an end that comes second is a conflict."""
    row = name_deputy(editor, hankasalmi, first=first)
    client = client_for(editor)
    page = client.post(url("deputy_end", row.pk), follow=True).content.decode()
    assert not Membership.objects.filter(user__email=NEW).exists()
    with pytest.raises(NotAllowedNow), scope(county=hankasalmi.county):
        end(row, by=editor)
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    client.post(url("deputy_restore"), {"token": found[1]})
    back = Membership.objects.get(user__email=NEW)
    assert (back.starts_on, back.ends_on) == (ahead(first), ahead(10))
    with scopes_disabled():
        assert set(Event.objects.values_list("verb", flat=True)) == {"deputy_named", "deputy_ended", "deputy_restored"}


def test_one_deputy_and_three_cost_the_same(editor: User, hankasalmi: Municipality, client_for: ClientFor) -> None:
    """In queries."""
    client, counts = client_for(editor), []
    for number in range(3):
        name_deputy(editor, hankasalmi, email=f"s{number}@example.fi", first=number - 1, last=number + 2)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url("deputies")).status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts


# --- The letter -------------------------------------------------------------------------------------------------------


def test_the_letter_leads_a_new_deputy_to_a_password(
    editor: User,
    hankasalmi: Municipality,
    mailoutbox: list[EmailMessage],
    client_for: ClientFor,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """And with the password in; the page has sent nothing itself."""
    with (
        patch.object(send_deputy_letter, "apply_async") as told,
        django_capture_on_commit_callbacks(execute=True),
    ):
        row = name_deputy(editor, hankasalmi, first=2)
    told.assert_called_once_with((hankasalmi.county_id, row.pk), retry=False)
    assert not mailoutbox
    send_deputy_letter(hankasalmi.county_id, row.pk)
    (message,) = mailoutbox
    body = str(message.body)
    assert message.to == [NEW]
    assert message.subject == "Olet sijainen Hytessä: Hankasalmi"
    for said in ("Editor on nimennyt sinut sijaiseksi", "Kunta: Hankasalmi", "3 päivää", "Ennen ensimmäistä päivää"):
        assert said in body
    link = re.search(r"http\S+/password/reset/key/\S+/", body)
    assert link
    visitor = client_for(None)
    form = visitor.get(link[0], follow=True)
    passwords = {"password1": "aivan-uusi-salasana", "password2": "aivan-uusi-salasana"}
    visitor.post(form.redirect_chain[-1][0], passwords)
    assert User.objects.get(email=NEW).check_password("aivan-uusi-salasana")


def test_the_letter_to_one_with_an_account_is_in_their_language(
    editor: User, second_editor: User, hankasalmi: Municipality, mailoutbox: list[EmailMessage]
) -> None:
    """It leads to signing in, and opens nothing by itself."""
    User.objects.filter(pk=second_editor.pk).update(language="sv")
    row = name_deputy(editor, hankasalmi, email=second_editor.email)
    send_deputy_letter(hankasalmi.county_id, row.pk)
    (message,) = mailoutbox
    body = str(message.body)
    assert message.subject == "Du är ställföreträdare i Hyte: Hankasalmi"
    assert "Kommun: Hankasalmi" in body and "Logga in med adressen second@example.fi" in body
    assert "password/reset/key" not in body and "Innan den första dagen" not in body


def test_no_letter_is_sent_of_days_that_were_ended_meanwhile(
    editor: User, hankasalmi: Municipality, mailoutbox: list[EmailMessage], client_for: ClientFor
) -> None:
    """A message may come late. While the days last, the letter can be sent again."""
    row = name_deputy(editor, hankasalmi)
    with patch.object(send_deputy_letter, "apply_async"):
        assert client_for(editor).post(url("deputy_letter", row.pk)).status_code == 302
    Membership.objects.filter(pk=row.pk).update(starts_on=ahead(-5), ends_on=ahead(-1))
    send_deputy_letter(hankasalmi.county_id, row.pk)
    assert client_for(editor).post(url("deputy_letter", row.pk)).status_code == 409
    row.delete()
    send_deputy_letter(hankasalmi.county_id, row.pk)
    assert not mailoutbox
