"""What a document is made of: its kind, its frozen context, and the address that follows from them.

Each kind is registered by the floor that owns it, in its `AppConfig.ready()`. A kind names a template that extends
`documents/base.html`, the typed context the template is given, and who may see documents of the kind.

The template gets `doc` (the kind's context) and `meta` (a `Meta`), in the document's language. Both are read back
from what was frozen: the page shows what was true when the document was asked for, whenever it is rendered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydantic_core
from django.conf import settings
from django.db.models import Q, QuerySet
from django.template import Engine
from django.template.backends.django import DjangoTemplates
from django.template.base import Template
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from municipalities.access import Access
from municipalities.documents.storage import likeness, static_file
from municipalities.models import Document
from municipalities.moves import NotAllowedNow

# Raised when code, rather than a template or a stylesheet, changes what a document looks like.
LAYOUT_VERSION = "3"
BASE_STYLESHEET = "documents/base.css"
# The largest context seen in real life (a round with 22 municipalities and its figures) is about 0.3 MB.
MAX_CONTEXT_BYTES = 4_000_000


@dataclass(frozen=True)
class Attachment:
    """A file that travels inside the PDF as its data (PDF/A-3, relationship "Data")."""

    name: str
    content: bytes
    media_type: str
    description: str


def no_attachments(context: Any) -> list[Attachment]:
    """Return no attachments: for the kinds that have none."""
    return []


@dataclass(frozen=True)
class Kind:
    """A kind of document."""

    name: str
    template: str
    # A frozen dataclass, of dataclasses, tuples, texts, numbers, dates and enumerations.
    context_type: type
    # Static paths, after documents/base.css.
    stylesheets: tuple[str, ...]
    # The documents of this kind that somebody may know of: publicity belongs to the owner, not to the file.
    visible_to: Callable[[Access], QuerySet[Document]]
    # From the thawed context.
    attachments: Callable[[Any], list[Attachment]] = no_attachments


@dataclass(frozen=True)
class Meta:
    """What every document shows of itself, frozen with the rest."""

    title: str
    language: str
    county: str
    county_short: str
    website: str
    colour: str
    variant: str
    # The day it was asked for: printed on the page, and the date inside the PDF.
    on: date

    @property
    def is_draft(self) -> bool:
        """Whether each page is marked as a draft."""
        return self.variant == "draft"


@dataclass(frozen=True)
class Frozen:
    """The whole of what a rendering is made from."""

    meta: Meta
    doc: Any


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known. Registering the same kind again changes nothing."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"There is another kind of document named {kind.name!r}.")


def kind_named(name: str) -> Kind:
    """Return a registered kind. Raises LookupError when no floor owns such documents any more."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"No kind of document is named {name!r}.") from None


def visible_documents(access: Access) -> QuerySet[Document]:
    """Return the documents that this user may know of in this county: what each kind shows, put together."""
    # Of no kind, no documents: a row whose kind is gone has nobody to judge who may see it.
    seen = Q(pk__in=[])
    for kind in _kinds.values():
        seen |= Q(kind=kind.name, pk__in=kind.visible_to(access).order_by().values("pk"))
    documents: QuerySet[Document] = Document.objects.filter(seen)
    return documents


# --- Freezing and thawing -----------------------------------------------------------------------------------


@lru_cache(maxsize=32)
def _adapter(type_: type) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def freeze(kind: Kind, meta: Meta, context: Any) -> dict[str, Any]:
    """Return the context as JSON data that thaws into the same.

    Raises TypeError when it would not (that is a fault in the context's type), and NotAllowedNow when there is
    more in it than a document can be made of.
    """
    adapter = _adapter(kind.context_type)
    try:
        frozen = {
            "meta": _adapter(Meta).dump_python(meta, mode="json", warnings="error"),
            "doc": adapter.dump_python(context, mode="json", warnings="error"),
        }
        thawed = adapter.validate_python(frozen["doc"])
    except (pydantic_core.PydanticSerializationError, pydantic_core.ValidationError) as error:
        raise TypeError(f"The context of kind {kind.name!r} cannot be frozen: {error}") from error
    if thawed != context:
        raise TypeError(f"The context of kind {kind.name!r} changes when it is frozen and thawed.")
    size = len(canonical(frozen))
    if size > MAX_CONTEXT_BYTES:
        raise NotAllowedNow(
            _(
                "There is too much content for one document: %(size).1f MB, and at most %(limit).1f MB can be made "
                "into a document. Shorten the texts or leave some of them out."
            )
            % {"size": size / 1e6, "limit": MAX_CONTEXT_BYTES / 1e6}
        )
    return frozen


def thaw(document: Document) -> Frozen:
    """Return what the document is made from, typed. Raises TypeError when its type has changed beyond reading."""
    kind = kind_named(document.kind)
    try:
        return Frozen(
            meta=_adapter(Meta).validate_python(document.context["meta"]),
            doc=_adapter(kind.context_type).validate_python(document.context["doc"]),
        )
    except (pydantic_core.ValidationError, KeyError) as error:
        raise TypeError(f"The frozen context of document {document.pk} cannot be read: {error}") from error


def canonical(data: Any) -> bytes:
    """Return JSON data as bytes: the same bytes for the same data."""
    return json.dumps(data, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


# --- The address ---------------------------------------------------------------------------------------------


def key_of(*, county_id: int, kind: str, language: str, variant: str, version: str, frozen: dict[str, Any]) -> str:
    """Return the address of a content: the same content has the same one, in one county only."""
    return hashlib.sha256(canonical([county_id, kind, language, variant, version, frozen])).hexdigest()


def template_version(kind: Kind, language: str) -> str:
    """Return a hash of everything but the context that makes the page: a changed layout makes a new document."""
    return layout(kind, language).version


@dataclass(frozen=True)
class Layout:
    """A kind's page template, compiled, and the version of all that makes the page: of one reading of the files."""

    template: Template
    version: str
    # The files read, and what they were like.
    files: dict[Path, tuple[int, int, int] | None]


_layouts: dict[tuple[object, ...], Layout] = {}


def layout(kind: Kind, language: str) -> Layout:
    """Return the layout as the files are now. They are read again only when one of them has changed."""
    # What is looked up where is set by these; the tests change them.
    configured = (LAYOUT_VERSION, str(settings.TEMPLATES[0]["DIRS"]), str(settings.LOCALE_PATHS))
    key = (kind.template, kind.stylesheets, language, *configured)
    known = _layouts.get(key)
    if known is None or any(likeness(path) != before for path, before in known.files.items()):
        known = _layouts[key] = _read_layout(kind, language)
    return known


def _read_layout(kind: Kind, language: str) -> Layout:
    # An engine of its own, as an engine keeps the templates that it has read.
    reader = engine()
    top = reader.get_template(kind.template)
    templates = _with_relatives(reader, top)
    paths = [static_file(path) for path in (BASE_STYLESHEET, *kind.stylesheets)]
    # The words of the page that are not in the context come from the translations.
    catalogues = [Path(folder) / language / "LC_MESSAGES" / "django.mo" for folder in settings.LOCALE_PATHS]
    files = {path: likeness(path) for path in (*(Path(str(t.origin)) for t in templates), *paths, *catalogues)}
    digest = hashlib.sha256(LAYOUT_VERSION.encode())
    for part in (
        *(template.source.encode() for template in templates),
        *(path.read_bytes() for path in paths),
        *(path.read_bytes() for path in catalogues if path.exists()),
    ):
        digest.update(hashlib.sha256(part).digest())
    return Layout(top, digest.hexdigest(), files)


def _with_relatives(reader: Engine, template: Template) -> list[Template]:
    """Return the template and, in a fixed order, each that it extends or includes, however far."""
    found: dict[str, Template] = {}
    waiting = [template]
    while waiting:
        current = waiting.pop()
        if str(current.name) in found:
            continue
        found[str(current.name)] = current
        extending: list[Any] = current.nodelist.get_nodes_by_type(ExtendsNode)
        including: list[Any] = current.nodelist.get_nodes_by_type(IncludeNode)
        references = [*(node.parent_name for node in extending), *(node.template for node in including)]
        for reference in references:
            name = reference.var
            if not isinstance(name, str):
                raise TypeError(f"{current.name} must name the templates that it extends and includes as plain texts.")
            waiting.append(reader.get_template(name))
    return [found[name] for name in sorted(found)]


# --- The template engine -------------------------------------------------------------------------------------


class UndefinedName(Exception):
    """A template uses a name that the context does not have."""


class _NoBlanks(str):
    """What Django prints for an undefined name. A paper with a hole in it is worse than no paper: this refuses."""

    def __mod__(self, name: object) -> str:
        raise UndefinedName(str(name))


def engine() -> Engine:
    """Return the engine of the documents: the project's templates, strict, and with the line of each error.

    Without context processors: a document is made from its frozen context and nothing else.
    """
    configured = settings.TEMPLATES[0]
    backend = DjangoTemplates(
        {
            "NAME": "documents",
            "DIRS": configured["DIRS"],
            "APP_DIRS": configured["APP_DIRS"],
            # "debug" here is only what makes Django tell the template and line of an error.
            "OPTIONS": {"debug": True, "string_if_invalid": _NoBlanks("%s")},
        }
    )
    return backend.engine
