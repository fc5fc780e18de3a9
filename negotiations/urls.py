"""Addresses of the floor, below the county's."""

from django.urls import path

from negotiations import views
from negotiations.minutes import views as minutes
from negotiations.planning import views as planning
from negotiations.reporting import views as reporting
from negotiations.sitting import views as sitting

urlpatterns = [
    path("", views.county_home, name="county_home"),
    path("kunnat/<str:code>/", views.municipality, name="municipality"),
    path("kierrokset/", planning.rounds, name="rounds"),
    path("kierrokset/<int:pk>/", sitting.round_, name="round"),
    path("kierrokset/<int:pk>/aikataulu/", planning.round_schedule, name="round_schedule"),
    path("kierrokset/<int:pk>/kuntaryhmat/", planning.round_groups, name="round_groups"),
    path("kierrokset/<int:pk>/tyopajat/", sitting.round_workshops, name="round_workshops"),
    path("neuvottelut/<int:pk>/", minutes.negotiation, name="negotiation"),
    path("poytakirjat/<int:pk>/tee/", minutes.minutes_render, name="minutes_render"),
    path("poytakirjat/<int:pk>/tarkastettavaksi/", minutes.minutes_send, name="minutes_send"),
    path("poytakirjat/<int:pk>/luonnokseksi/", minutes.minutes_return, name="minutes_return"),
    path("poytakirjat/<int:pk>/merkitse/", minutes.minutes_mark, name="minutes_mark"),
    path("poytakirjat/<int:pk>/julkaise/", minutes.minutes_publish, name="minutes_publish"),
    path("yhteenvedot/", reporting.summaries, name="summaries"),
    path("yhteenvedot/<int:pk>/", reporting.summary, name="summary"),
    path("yhteenvedot/<int:pk>/luonnos/", reporting.summary_render, name="summary_render"),
    path("yhteenvedot/<int:pk>/jaadyta/", reporting.summary_freeze, name="summary_freeze"),
    path("yhteenvedot/<int:pk>/avaa/", reporting.summary_reopen, name="summary_reopen"),
    path("yhteenvedot/<int:pk>/esityslistalle/", reporting.summary_put_on_agenda, name="summary_put_on_agenda"),
    path("yhteenvedot/<int:pk>/merkitse/", reporting.summary_note, name="summary_note"),
    path("yhteenvedot/<int:pk>/julkaise/", reporting.summary_publish, name="summary_publish"),
]
