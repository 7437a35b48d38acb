"""The text of a timer's name: it accepts HTML, but certain elements are stripped out (footnote 2).

Which elements, the page does not say. Ours are those that make a page that shows the name do or fetch something;
everything else stays as it was sent, character for character.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["STRIPPED", "without_active_elements"]

#: Elements that are stripped out, with all that is in them.
STRIPPED: Final = ("applet", "base", "embed", "form", "iframe", "link", "meta", "object", "script", "style")

# A whole element, or else a tag that has lost its other half; a tag without its end reaches to that of the text.
_ACTIVE: Final = re.compile(
    rf"<({'|'.join(STRIPPED)})\b[^>]*>.*?</\1\s*>|</?(?:{'|'.join(STRIPPED)})\b[^>]*(?:>|\Z)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
).sub


def without_active_elements(text: str) -> str:
    """The text without the elements of `STRIPPED`, nor any that only appear once others are gone."""
    while (stripped := _ACTIVE("", text)) != text:
        text = stripped
    return text
