"""The text of a timer's name: it accepts HTML, but certain elements are stripped out (footnote 2).

Which elements, the page does not say. Ours are those that make a page do something when it shows the name.
"""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from typing import Final

__all__ = ["STRIPPED", "without_active_content"]

#: Elements that are stripped out, with all that is in them.
STRIPPED: Final = frozenset({"script", "style", "iframe", "object", "embed", "applet", "form", "link", "meta", "base"})
_EMPTY: Final = frozenset({"embed", "link", "meta", "base"})  # these have no content and no end tag


def without_active_content(text: str) -> str:
    """The text without the elements of `STRIPPED` and without attributes that run something (``on…``)."""
    if "<" not in text:
        return text
    stripper = _Stripper()
    stripper.feed(text)
    stripper.close()
    return "".join(stripper.kept)


class _Stripper(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._inside: list[str] = []

    def _keep(self, text: str) -> None:
        if not self._inside:
            self.kept.append(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in STRIPPED:
            if tag not in _EMPTY:
                self._inside.append(tag)
            return
        safe = [(name, value) for name, value in attrs if not name.startswith("on") and not _runs(value)]
        written = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in safe)
        self._keep(f"<{tag}{written}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            del self._inside[self._inside.index(tag) :]
        elif tag not in STRIPPED:
            self._keep(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")


def _runs(value: str | None) -> bool:
    return value is not None and "".join(value.split()).lower().startswith(("javascript:", "vbscript:", "data:"))
