"""The colours that a county's one colour gives rise to, each readable on what it stands on.

Contrast as WCAG 2.1 counts it: 4.5 to 1 for text (306/2019 asks for AA).
"""

from __future__ import annotations

from dataclasses import dataclass

READABLE = 4.5
WHITE, BLACK = "#ffffff", "#000000"

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """What the county's pages are coloured with, as #rrggbb."""

    ground: str  # the county's own colour: the header
    ink: str  # text on the ground
    text: str  # links, buttons and marks: the own colour, darkened until it can be read on white and on the tint
    dark: str  # the same under the pointer
    light: str  # a tint behind text


def palette(colour: str) -> Palette:
    """Return the colours for a county whose own colour is `colour`, given as #rrggbb."""
    text, tint = colour, mixed(colour, WHITE, 0.92)
    # The tint is darker than white, or white itself, so what can be read on it can be read on both.
    while contrast(text, tint) < READABLE:
        text = mixed(text, BLACK, 0.06)
    return Palette(
        ground=colour,
        ink=WHITE if contrast(colour, WHITE) >= contrast(colour, BLACK) else BLACK,
        text=text,
        dark=mixed(text, BLACK, 0.35),
        light=tint,
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """Return the colour with this share (0–1) of the other in it."""
    parts = (round(a + (b - a) * share) for a, b in zip(_rgb(colour), _rgb(other), strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in _rgb(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
