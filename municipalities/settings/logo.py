"""A county's logo: judged by its content, and kept as a picture made anew from its pixels."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageFile, UnidentifiedImageError

MOST_BYTES = 1024 * 1024
MOST_PIXELS = 4000  # a side
# What is kept: enough for a header on a sharp screen and for the head of a paper.
KEPT_WIDTH, KEPT_HEIGHT = 800, 240
FORMATS = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True)
class Picture:
    """A picture that can be shown as it is."""

    content: bytes
    media_type: str
    width: int
    height: int

    @property
    def version(self) -> str:
        """Tell this picture from any other."""
        return hashlib.sha256(self.content).hexdigest()[:16]


def read_logo(file: BinaryIO, size: int) -> Picture:
    """Return the picture of an uploaded file, whatever its name or stated kind say.

    It is drawn anew as PNG, so that nothing but the pixels is kept: no place where it was taken, no second file behind
    the picture. Drawings in SVG are refused: they can carry scripts.

    Raises ValidationError, saying what to do, for what is no picture, too large, or broken.
    """
    if size > MOST_BYTES:
        raise ValidationError(_("The file is larger than 1 MB. Save the logo smaller, for example 800 pixels wide."))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # The layout engine, where it has been imported, lets half a picture pass.
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            with Image.open(file, formats=FORMATS) as picture:
                if max(picture.size) > MOST_PIXELS:
                    raise ValidationError(
                        _("The picture is %(width)s × %(height)s pixels. Save it with at most %(most)s pixels a side.")
                        % {"width": picture.width, "height": picture.height, "most": MOST_PIXELS}
                    )
                drawn = picture.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(
            _("The file is not a picture in PNG, JPEG or WebP. Save the logo in one of them.")
        ) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ValidationError(_("The picture is broken. Save it again and try once more.")) from error
    drawn.thumbnail((KEPT_WIDTH, KEPT_HEIGHT))
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return Picture(out.getvalue(), "image/png", drawn.width, drawn.height)
