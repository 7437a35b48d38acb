"""Timer names accept HTML, but certain elements are stripped out (footnote 2).

The page does not list the elements. We strip those that can run or fetch something in a page that shows the name, and
keep everything else unchanged.
"""

from __future__ import annotations

import re
from typing import Final

#: Elements that are stripped out with their content.
STRIPPED: Final = ("applet", "base", "embed", "form", "iframe", "link", "meta", "object", "script", "style")

# A whole element, or else a single tag of one; an unterminated tag reaches to the end of the text.
_ACTIVE: Final = re.compile(
    rf"<({'|'.join(STRIPPED)})\b[^>]*>.*?</\1\s*>|</?(?:{'|'.join(STRIPPED)})\b[^>]*(?:>|\Z)",
    re.IGNORECASE | re.DOTALL | re.ASCII,
).sub


def without_active_elements(text: str) -> str:
    """Return the text without the elements in `STRIPPED`, including those that appear only after others are removed."""
    while (stripped := _ACTIVE("", text)) != text:
        text = stripped
    return text
