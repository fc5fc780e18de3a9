"""The app of the negotiations."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NegotiationsConfig(AppConfig):
    """Rounds, negotiations, minutes and summaries."""

    name = "negotiations"
    verbose_name = _("Negotiations")

    def ready(self) -> None:
        """Make the documents of this floor known: minutes, summaries and material, each with who may see them."""
        from municipalities.documents import Kind, register
        from municipalities.models import Document
        from negotiations.minutes import composing, papers
        from negotiations.minutes.context import MinutesContext
        from negotiations.permissions import visible_summaries
        from negotiations.planning.material import context, preread
        from negotiations.reporting import summary

        register(
            Kind(
                name=composing.KIND,
                template="documents/minutes.html",
                context_type=MinutesContext,
                stylesheets=("documents/minutes.css",),
                visible_to=papers.visible_wholes_and_publics,
            )
        )
        for kind, template in (
            (papers.Kind.EXCERPT, "documents/minutes_excerpt.html"),
            (papers.Kind.ATTACHMENTS, "documents/minutes_attachments.html"),
        ):
            register(
                Kind(
                    name=papers.DOCUMENT_KINDS[kind],
                    template=template,
                    context_type=MinutesContext,
                    stylesheets=("documents/minutes.css",),
                    visible_to=papers.visible_papers,
                )
            )
        register(
            Kind(
                name=summary.KIND,
                template="documents/summary.html",
                context_type=summary.SummaryContext,
                stylesheets=("documents/summary.css",),
                visible_to=lambda access: Document.objects.filter(
                    pk__in=visible_summaries(access).order_by().values("document")
                ),
                attachments=summary.summary_attachments,
            )
        )
        register(
            Kind(
                name=preread.KIND,
                template="documents/pre_read.html",
                context_type=context.PreReadContext,
                stylesheets=("documents/pre_read.css",),
                visible_to=preread.visible_material,
            )
        )
