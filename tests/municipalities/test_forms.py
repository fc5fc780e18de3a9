"""Forms in which nothing is lost: two people's edits of one row, lists typed or pasted, choices of one's own county."""

from __future__ import annotations

import pytest
from django.forms import ValidationError
from django_scopes import scope
from hypothesis import given
from hypothesis import strategies as st

from municipalities.access import Access, access_of
from municipalities.forms import ListField, _read
from municipalities.models import County, Event, Priority, User
from municipalities.settings.forms import PriorityForm
from tests.factories import make_priority

FIRST = {"name": "Lapset ja nuoret", "starts_on": "2022-01-01", "ends_on": "2029-12-31", "origin": ""}


@pytest.fixture
def access(coordinator: User, keski_suomi: County) -> Access:
    """The coordinator's."""
    return access_of(coordinator, keski_suomi.slug)


@pytest.fixture
def priority(in_scope: County) -> Priority:
    """What is edited."""
    return make_priority(in_scope)


def sent(access: Access, row: Priority, seen: str, **values: str) -> PriorityForm:
    """Return the form as it comes back, on the row as it is by then."""
    return PriorityForm(FIRST | values | {"seen": seen}, access=access, instance=Priority.objects.get(pk=row.pk))


def seen_of(access: Access, row: Priority) -> str:
    """Return what the form carries along when it is shown."""
    shown = PriorityForm(access=access, instance=Priority.objects.get(pk=row.pk))
    return str(shown["seen"].value())


def test_a_field_that_only_the_other_changed_keeps_the_others_value(access: Access, priority: Priority) -> None:
    """And what I changed is saved."""
    seen = seen_of(access, priority)
    Priority.objects.filter(pk=priority.pk).update(origin="Aluevaltuusto 7.6.2022")
    form = sent(access, priority, seen, name="Lapset, nuoret ja perheet")
    assert form.is_valid(), form.errors
    saved = form.save()
    assert (saved.name, saved.origin) == ("Lapset, nuoret ja perheet", "Aluevaltuusto 7.6.2022")


def test_a_field_that_both_changed_shows_both_and_is_saved_when_sent_again(access: Access, priority: Priority) -> None:
    """The other's text beside mine; nothing is overwritten unseen."""
    seen = seen_of(access, priority)
    Priority.objects.filter(pk=priority.pk).update(name="Lapset")
    form = sent(access, priority, seen, name="Nuoret")
    assert not form.is_valid()
    assert form.conflicts["name"].theirs == "Lapset"
    assert form["name"].value() == "Nuoret"
    assert Priority.objects.get(pk=priority.pk).name == "Lapset"
    again = sent(access, priority, str(form["seen"].value()), name="Nuoret")
    assert again.is_valid(), again.errors
    again.save()
    assert Priority.objects.get(pk=priority.pk).name == "Nuoret"


def test_the_same_change_by_both_is_no_conflict(access: Access, priority: Priority) -> None:
    """Both wrote the same."""
    seen = seen_of(access, priority)
    Priority.objects.filter(pk=priority.pk).update(name="Nuoret")
    assert sent(access, priority, seen, name="Nuoret").is_valid()


def test_a_day_that_both_changed_is_shown_as_a_day(access: Access, priority: Priority) -> None:
    """As the field would have shown it."""
    seen = seen_of(access, priority)
    Priority.objects.filter(pk=priority.pk).update(ends_on="2028-12-31")
    form = sent(access, priority, seen, ends_on="2027-12-31")
    assert not form.is_valid()
    assert form.conflicts["ends_on"].theirs == "2028-12-31"


@given(seen=st.text(max_size=60) | st.sampled_from(['{"name": 1}', "[]", '{"name": {}}', "null", '{"x": "y"}']))
def test_what_the_form_carries_may_be_anything(seen: str) -> None:
    """Somebody may have tampered with it; it is read as nothing, or as what it says."""
    assert all(isinstance(value, str) for value in _read(seen).values())


def test_a_constraint_of_the_database_is_told_in_words(access: Access, priority: Priority) -> None:
    """Uniqueness within the county too."""
    form = PriorityForm(FIRST, access=access)
    assert not form.is_valid()
    assert "already" in str(form.errors["name"]) or "jo" in str(form.errors["name"])


def test_an_empty_field_is_named(access: Access) -> None:
    """The message names the field and the mend."""
    with scope(county=access.county):
        form = PriorityForm({}, access=access)
        assert "nimi" in str(form.errors["name"]).lower() or "name" in str(form.errors["name"]).lower()


def test_a_pasted_list_loses_its_marks() -> None:
    """One thing a line."""
    field = ListField(required=False)
    assert field.clean("• yksi\r\n\r\n- kaksi\n  – kolme  \n") == ["yksi", "kaksi", "kolme"]


def test_a_list_too_long_is_refused_with_the_number() -> None:
    """How many there are and how many may be; which line is too long."""
    with pytest.raises(ValidationError, match="3"):
        ListField(max_items=2).clean("a\nb\nc")
    with pytest.raises(ValidationError, match="2"):
        ListField(max_item_length=3).clean("abc\nabcd")


def test_a_text_that_is_too_long_names_the_mend(access: Access, priority: Priority) -> None:
    """In our words: how long it may be and how long it is."""
    most = Priority._meta.get_field("name").max_length
    assert most
    form = sent(access, priority, "", name="a" * (most + 15))
    assert form.errors["name"] == [f"Lyhennä: enintään {most} merkkiä, nyt {most + 15}."]


def test_two_coordinators_on_the_page(coordinator: User, priority: Priority, client_for, keski_suomi: County) -> None:  # type: ignore[no-untyped-def]
    """The page answers 409, keeps what was typed, and shows what the other saved."""
    client = client_for(coordinator)
    path = f"/keski-suomi/asetukset/painopisteet/{priority.pk}/"
    seen = client.get(path).context["form"]["seen"].value()
    first = client.post(path, FIRST | {"name": "Ensimmäinen", "seen": seen})
    assert first.status_code == 302
    second = client.post(path, FIRST | {"name": "Toinen", "seen": seen})
    assert second.status_code == 409
    page = second.content.decode()
    assert "Ensimmäinen" in page and 'value="Toinen"' in page
    # A screen reader tells of both, as the page does.
    assert 'aria-describedby="id_name_error id_name_theirs"' in page
    with scope(county=keski_suomi):
        assert Priority.objects.get().name == "Ensimmäinen"
        assert Event.objects.filter(verb="changed").count() == 1
