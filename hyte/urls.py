"""Addresses of the site: the ways in here, everything of a county below the county's own."""

from allauth.account.views import email as own_address
from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.i18n import set_language

from hyte.health import healthz
from municipalities.cards.views.links import card_link
from municipalities.settings.views import profile
from municipalities.views.places import home
from negotiations.minutes.views.link import minutes_link, minutes_link_remark, minutes_link_withdraw
from negotiations.planning.views.availability_link import availability_link
from negotiations.planning.views.calendars import calendar_feed
from negotiations.sitting.views import workshop_phone

handler400 = "hyte.errors.bad_request"
handler500 = "hyte.outage.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("healthz/", healthz, name="healthz"),
    path("kieli/", set_language, name="set_language"),
    path("oma/", profile, name="profile"),
    # One reads by which address one signs in. It is the administrator's to change: a user is known by it.
    path("tili/email/", require_safe(own_address), name="account_email"),
    path("tili/", include("allauth.account.urls")),
    path("tili/kaksivaiheinen/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("kuntakortin-hyvaksynta/<str:token>/", card_link, name="card_link"),
    path("sopivat-ajat/<str:token>/", availability_link, name="availability_link"),
    path("poytakirjan-tarkastus/<str:token>/", minutes_link, name="minutes_link"),
    path("poytakirjan-tarkastus/<str:token>/huomautus/<str:key>/", minutes_link_remark, name="minutes_link_remark"),
    path(
        "poytakirjan-tarkastus/<str:token>/huomautukset/<int:remark>/peru/",
        minutes_link_withdraw,
        name="minutes_link_withdraw",
    ),
    path("kalenteri/<str:token>.ics", calendar_feed, name="calendar_feed"),
    path("tyopaja/", workshop_phone.workshop_join, name="workshop_join"),
    path("tyopaja/<str:token>/", workshop_phone.workshop_phone, name="workshop_phone"),
    path("tyopaja/<str:token>/tila/", workshop_phone.workshop_phone_state, name="workshop_phone_state"),
    path("tyopaja/<str:token>/laput/", workshop_phone.workshop_post, name="workshop_post"),
    path("tyopaja/<str:token>/laput/<int:pk>/", workshop_phone.workshop_take_back, name="workshop_take_back"),
    path("<slug:county>/", include("municipalities.urls")),
    path("<slug:county>/", include("negotiations.urls")),
]
