"""Addresses of the floor, below the county's."""

from django.urls import path

from municipalities.views import documents, places

urlpatterns = [
    path("tyyli.css", places.county_style, name="county_style"),
    path("kunnat/", places.municipalities, name="municipalities"),
    path("asiakirjat/", documents.documents, name="documents"),
    path("asiakirjat/<int:pk>/", documents.document, name="document"),
    path("asiakirjat/<int:pk>/lataa/", documents.download, name="document_download"),
    path("asiakirjat/<int:pk>/uudelleen/", documents.retry, name="document_retry"),
]
