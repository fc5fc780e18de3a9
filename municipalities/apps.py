"""The app of the counties, municipalities, people and documents."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MunicipalitiesConfig(AppConfig):
    """Counties, municipalities, people and documents."""

    name = "municipalities"
    verbose_name = _("Counties and municipalities")

    def ready(self) -> None:
        """Make the documents of this floor known: cards, with who may see them."""
        from municipalities.cards import paper
        from municipalities.documents import Kind, register

        register(
            Kind(
                name=paper.KIND,
                template="documents/card.html",
                context_type=paper.CardPaper,
                stylesheets=("documents/card.css",),
                visible_to=paper.visible_card_documents,
                attachments=paper.card_attachments,
            )
        )
