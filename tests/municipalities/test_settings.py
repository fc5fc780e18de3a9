"""What a county sets for itself, its logo judged by content, and a user's profile and two-step sign-in."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django_scopes import scope
from PIL import Image, PngImagePlugin

from indicators.models import IndicatorSet
from municipalities.models import County, CountyLogo, Event, Priority, User
from municipalities.settings.logo import MOST_BYTES, read_logo
from negotiations.models import Measure
from tests.factories import PASSWORD, make_priority, make_round

SETTINGS = "/keski-suomi/asetukset/"
ADDRESS = "/tili/email/"


def png(width: int = 300, height: int = 90, **save: Any) -> bytes:
    """Return a picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#0e5d8a").save(out, "PNG", **save)
    return out.getvalue()


def values(client: Client) -> dict[str, Any]:
    """Return what the page's form is filled with."""
    form = client.get(SETTINGS).context["form"]
    return {
        name: value for name in form.fields if (value := form[name].value()) not in (None, False) and name != "logo"
    }


def test_settings_are_saved_and_logged(
    coordinator: User, keski_suomi: County, client_for: Callable[..., Client]
) -> None:
    """With the names of the fields that were changed, not their contents."""
    client = client_for(coordinator)
    sent = values(client) | {"minutes_name": "Muistio", "other_languages": ["sv"], "silence_is_checking": "on"}
    assert client.post(SETTINGS, sent).status_code == 302
    keski_suomi.refresh_from_db()
    assert (keski_suomi.minutes_name, keski_suomi.languages) == ("Muistio", ["fi", "sv"])
    assert keski_suomi.silence_is_checking
    with scope(county=keski_suomi):
        event = Event.objects.get(verb="settings_changed")
    assert set(event.payload["fields"]) == {"minutes_name", "other_languages", "silence_is_checking"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "#ffff00"),
        ("colour", "red"),
        ("check_days", "0"),
        ("check_days", "kaksi"),
        ("remind_days", "-1"),
        ("remind_days", "31"),
        ("remind_days", ""),
        ("baseline_year", "1989"),
        ("baseline_year", "3000"),
        ("baseline_year", "tänä"),
        ("minutes_name", "x" * 61),
        ("first_language", "xx"),
        ("contact_retention_days", "99999999999999999999"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_beside_its_field(
    field: str, value: str, coordinator: User, keski_suomi: County, client_for: Callable[..., Client]
) -> None:
    """And nothing is saved of the rest."""
    client = client_for(coordinator)
    response = client.post(SETTINGS, values(client) | {"summary_name": "Kooste", field: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    keski_suomi.refresh_from_db()
    assert keski_suomi.summary_name == ""


@pytest.mark.parametrize(
    ("languages", "own", "of_minutes"),
    [
        (["fi", "sv"], "", {"fi": "Neuvottelupöytäkirja", "sv": "Förhandlingsprotokoll"}),
        (["fi", "sv"], "Muistio", {"fi": "Muistio", "sv": "Förhandlingsprotokoll"}),
        (["sv", "fi"], "", {"fi": "Neuvottelupöytäkirja", "sv": "Förhandlingsprotokoll"}),
        (["sv", "fi"], "Promemoria", {"fi": "Neuvottelupöytäkirja", "sv": "Promemoria"}),
        ([], "Muistio", {"fi": "Muistio", "sv": "Förhandlingsprotokoll"}),
    ],
)
def test_documents_are_called_by_the_countys_own_word_in_its_first_language(
    languages: list[str], own: str, of_minutes: dict[str, str]
) -> None:
    """In another language, and where the county has no word of its own, by the usual one."""
    county = County(languages=languages, minutes_name=own, summary_name=own)
    assert {language: county.minutes_name_in(language) for language in of_minutes} == of_minutes
    assert county.summary_name_in("sv") == (own if languages[:1] == ["sv"] and own else "Sammandrag")


def test_the_year_with_which_figures_are_compared_is_given_and_taken_away(
    coordinator: User, keski_suomi: County, client_for: Callable[..., Client]
) -> None:
    client = client_for(coordinator)
    for year in (2019, None):
        assert client.post(SETTINGS, values(client) | {"baseline_year": year or ""}).status_code == 302
        keski_suomi.refresh_from_db()
        assert keski_suomi.baseline_year == year
        shown = client.get(SETTINGS).content.decode()
        assert ('name="baseline_year" value="2019"' in shown) is bool(year)
    with scope(county=keski_suomi):
        logged = [event.payload["fields"] for event in Event.objects.filter(verb="settings_changed")]
    assert logged == [["baseline_year"], ["baseline_year"]]


def test_the_set_shown_first_is_chosen_among_the_county_s_and_left_to_be_automatic(
    coordinator: User, keski_suomi: County, keski_uusimaa: County, client_for: Callable[..., Client]
) -> None:
    own, strange = (
        IndicatorSet.objects.create(name="Joukko", version="1", owner=county.area)
        for county in (keski_suomi, keski_uusimaa)
    )
    client = client_for(coordinator)
    for sent, status, kept in ((own.pk, 302, own), (strange.pk, 422, own), ("", 302, None)):
        assert client.post(SETTINGS, values(client) | {"indicator_set": sent}).status_code == status
        keski_suomi.refresh_from_db()
        assert keski_suomi.indicator_set == kept
    with scope(county=keski_suomi):
        logged = [event.payload["fields"] for event in Event.objects.filter(verb="settings_changed")]
    assert logged == [["indicator_set"], ["indicator_set"]]


def test_a_logo_is_kept_as_a_picture_drawn_anew(
    coordinator: User, keski_suomi: County, client_for: Callable[..., Client]
) -> None:
    """Nothing but the pixels: what was hidden in the file is gone; the page shows it and it can be removed."""
    hidden = PngImagePlugin.PngInfo()
    hidden.add_text("Comment", "<script>alert(1)</script>")
    client = client_for(coordinator)
    upload = SimpleUploadedFile("logo.exe", png(pnginfo=hidden), "application/octet-stream")
    assert client.post(SETTINGS, values(client) | {"logo": upload}).status_code == 302
    logo = CountyLogo.objects.get(county=keski_suomi)
    assert b"script" not in bytes(logo.content)
    keski_suomi.refresh_from_db()
    answer = client.get("/keski-suomi/logo.png")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    assert keski_suomi.logo_version in client.get(SETTINGS).content.decode()
    assert client.post(SETTINGS, values(client) | {"remove_logo": "on"}).status_code == 302
    assert client.get("/keski-suomi/logo.png").status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"%PDF-1.7",
        png()[:60],
        b"\x89PNG\r\n\x1a\n" + b"0" * 100,
        png(5000, 10),
        b"0" * (MOST_BYTES + 1),
    ],
    ids=["empty", "svg", "pdf", "cut", "broken", "too wide", "too large"],
)
def test_what_is_no_logo_is_refused(content: bytes) -> None:
    """Judged by content, with what to do; also beside WeasyPrint, which has Pillow take half a picture for a whole."""
    import weasyprint.images  # noqa: F401

    with pytest.raises(ValidationError) as refusal:
        read_logo(io.BytesIO(content), len(content))
    assert len(refusal.value.messages[0]) > 20


def test_a_picture_that_unpacks_to_gigabytes_is_refused() -> None:
    """A bomb: 30,000 by 30,000 pixels of one colour in a file of kilobytes; refused before it is unpacked."""
    small = bytearray(png(10, 10))
    small[16:24] = (30_000).to_bytes(4, "big") * 2
    with pytest.raises(ValidationError):
        read_logo(io.BytesIO(bytes(small)), len(small))


def test_a_priority_in_use_is_not_removed(
    coordinator: User, in_scope: County, client_for: Callable[..., Client]
) -> None:
    """It says in how many places; one that nothing refers to goes."""
    used, free = make_priority(in_scope), make_priority(in_scope, "Ikääntyneet")
    round_ = make_round(in_scope)
    Measure.objects.create(
        county=in_scope, round=round_, text="Toimenpide", responsible_sector="county", responsible="x", priority=used
    )
    client = client_for(coordinator)
    assert client.post(f"/keski-suomi/asetukset/painopisteet/{used.pk}/poista/").status_code == 409
    assert client.post(f"/keski-suomi/asetukset/painopisteet/{free.pk}/poista/").status_code == 302
    assert list(Priority.objects.values_list("name", flat=True)) == [used.name]


def test_a_priority_is_added(coordinator: User, keski_suomi: County, client_for: Callable[..., Client]) -> None:
    """With its period."""
    client = client_for(coordinator)
    sent = {"name": "Ikääntyneet", "starts_on": "1.1.2025", "ends_on": "31.12.2025", "origin": "Aluevaltuusto"}
    assert client.post("/keski-suomi/asetukset/painopisteet/uusi/", sent).status_code == 302
    with scope(county=keski_suomi):
        assert Priority.objects.get().ends_on == date(2025, 12, 31)


def test_a_profile_is_saved_and_its_language_is_used(coordinator: User, client_for: Callable[..., Client]) -> None:
    """Over what the language switch had been set to."""
    client = client_for(coordinator)
    client.cookies["language"] = "en"
    page = client.get("/oma/").content.decode()
    assert 'name="name"' in page and page.count('name="language"') >= 3
    assert client.post("/oma/", {"name": "Koordinaattori", "language": "sv"}).status_code == 302
    assert '<html lang="sv"' in client.get("/oma/").content.decode()
    assert client.post("/oma/", {"name": "x" * 200, "language": "sv"}).status_code == 422


# --- Two-step sign-in ---------------------------------------------------------------------------------------------


def code_of(secret: str) -> str:
    """Return the code that an app would show now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_two_step_sign_in_from_taking_into_use_to_a_recovery_code(coordinator: User) -> None:
    """The secret is stored encrypted; the password alone no longer signs in; a code and a recovery code do."""
    client = Client()
    login = {"login": coordinator.email, "password": PASSWORD}
    assert client.post("/tili/login/", login).status_code == 302
    # Who it is is asked once more before anything of signing in is changed.
    assert client.get("/tili/kaksivaiheinen/totp/activate/").headers["Location"].startswith("/tili/reauthenticate/")
    assert client.post("/tili/reauthenticate/", {"password": PASSWORD}).status_code == 302
    secret = client.get("/tili/kaksivaiheinen/totp/activate/").context["form"].secret
    assert client.post("/tili/kaksivaiheinen/totp/activate/", {"code": code_of(secret)}).status_code == 302
    stored = Authenticator.objects.get(user=coordinator, type=Authenticator.Type.TOTP)
    assert secret not in str(stored.data)
    codes = (
        Authenticator.objects.get(user=coordinator, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes()
    )

    other = Client()
    answer = other.post("/tili/login/", login, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/tili/kaksivaiheinen/authenticate/")
    assert other.get("/oma/").status_code == 302
    wrong = other.post("/tili/kaksivaiheinen/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200 and wrong.context["form"].errors
    assert other.post("/tili/kaksivaiheinen/authenticate/", {"code": codes[0]}).status_code == 302
    assert other.get("/oma/").status_code == 200

    third = Client()
    third.post("/tili/login/", login)
    used = third.post("/tili/kaksivaiheinen/authenticate/", {"code": codes[0]})
    assert used.status_code == 200 and used.context["form"].errors


@pytest.mark.parametrize(
    "path", ["", "totp/activate/", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"]
)
def test_pages_of_two_step_sign_in_ask_who_it_is(path: str, db: None) -> None:
    """Nobody opens them without signing in."""
    assert Client().get(f"/tili/kaksivaiheinen/{path}").status_code == 302


def test_nobody_gives_themselves_the_address_of_another(client: Client, editor: User) -> None:
    """By it one is known, also as the one who signs minutes: the administrator of the installation changes it."""
    login = {"login": editor.email, "password": PASSWORD}
    assert client.post("/tili/login/", login).status_code == 302
    assert editor.email in client.get(ADDRESS).content.decode()
    other = "puheenjohtaja@example.fi"
    for sent in ({"action_add": "", "email": other}, {"action_primary": "", "email": other}):
        assert client.post(ADDRESS, sent).status_code == 405
    assert User.objects.get(pk=editor.pk).email == editor.email
