"""Addresses of the floor, below the county's."""

from django.urls import path

from municipalities.register import views as register
from municipalities.settings import views as settings
from municipalities.views import catalogue, documents, figures, imports, places, spreadsheets

urlpatterns = [
    path("tyyli.css", places.county_style, name="county_style"),
    path("logo.png", settings.county_logo, name="county_logo"),
    path("asetukset/", settings.county_settings, name="county_settings"),
    path("asetukset/painopisteet/uusi/", settings.priority_new, name="priority_new"),
    path("asetukset/painopisteet/<int:pk>/", settings.priority_edit, name="priority_edit"),
    path("asetukset/painopisteet/<int:pk>/poista/", settings.priority_remove, name="priority_remove"),
    path("osallistujat/", register.register, name="register"),
    path("henkilot/uusi/", register.person_new, name="person_new"),
    path("henkilot/<int:pk>/", register.person_edit, name="person_edit"),
    path("henkilot/<int:pk>/poista/", register.person_remove, name="person_remove"),
    path("henkilot/<int:pk>/yhdista/", register.person_merge, name="person_merge"),
    path("osallistujat/kaksoiskappaleet/", register.register_doubles, name="register_doubles"),
    path("osallistujat/tuo/", register.register_import, name="register_import"),
    path("osallistujat/tuo/pohja.xlsx", register.register_template, name="register_template"),
    path("organisaatiot/", register.organisations, name="organisations"),
    path("organisaatiot/uusi/", register.organisation_new, name="organisation_new"),
    path("organisaatiot/<int:pk>/", register.organisation_edit, name="organisation_edit"),
    path("organisaatiot/<int:pk>/poista/", register.organisation_remove, name="organisation_remove"),
    path("organisaatiot/<int:pk>/yhdista/", register.organisation_merge, name="organisation_merge"),
    path("kunnat/", places.municipalities, name="municipalities"),
    path("tunnusluvut/", figures.figures, name="figures"),
    path("tunnusluvut/<int:pk>/", figures.indicator, name="indicator"),
    path("tunnusluvut/<int:pk>/kuvio.<slug:kind>", figures.indicator_chart, name="indicator_chart"),
    path("tuonnit/", imports.imports, name="imports"),
    path("tuonnit/taulukko/", spreadsheets.figures_import, name="figures_import"),
    path("tuonnit/taulukko/pohja.xlsx", spreadsheets.figures_template, name="figures_template"),
    path("tuonnit/<int:pk>/", imports.import_run, name="import_run"),
    path("tunnusluvut/luettelo/", catalogue.catalogue, name="catalogue"),
    path("tunnusluvut/luettelo/uusi/", catalogue.indicator_new, name="indicator_new"),
    path("tunnusluvut/luettelo/<int:pk>/", catalogue.indicator_edit, name="indicator_edit"),
    path("tunnusluvut/luettelo/<int:pk>/poista/", catalogue.indicator_remove, name="indicator_remove"),
    path("tunnusluvut/joukot/", catalogue.indicator_sets, name="indicator_sets"),
    path("tunnusluvut/joukot/uusi/", catalogue.indicator_set_new, name="indicator_set_new"),
    path("tunnusluvut/joukot/<int:pk>/", catalogue.indicator_set, name="indicator_set"),
    path("tunnusluvut/joukot/<int:pk>/muokkaa/", catalogue.indicator_set_edit, name="indicator_set_edit"),
    path("tunnusluvut/joukot/<int:pk>/uusi-versio/", catalogue.indicator_set_copy, name="indicator_set_copy"),
    path("tunnusluvut/joukot/<int:pk>/poista/", catalogue.indicator_set_remove, name="indicator_set_remove"),
    path("tunnusluvut/joukot/<int:pk>/lisaa/", catalogue.indicator_set_add, name="indicator_set_add"),
    path("tunnusluvut/joukot/<int:pk>/palauta/", catalogue.indicator_set_restore, name="indicator_set_restore"),
    path(
        "tunnusluvut/joukot/kohdat/<int:pk>/siirra/", catalogue.indicator_set_item_move, name="indicator_set_item_move"
    ),
    path(
        "tunnusluvut/joukot/kohdat/<int:pk>/poista/",
        catalogue.indicator_set_item_remove,
        name="indicator_set_item_remove",
    ),
    path("asiakirjat/", documents.documents, name="documents"),
    path("asiakirjat/<int:pk>/", documents.document, name="document"),
    path("asiakirjat/<int:pk>/lataa/", documents.download, name="document_download"),
    path("asiakirjat/<int:pk>/uudelleen/", documents.retry, name="document_retry"),
]
