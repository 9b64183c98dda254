"""Reads rendered pages."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}


class Tag:
    def __init__(self, name: str, attrs: dict[str, str | None]) -> None:
        self.name = name
        self.attrs = attrs
        self.inside: list[Tag] = []
        self.text = ""

    def find_all(self, name: str, /, **attrs: str) -> list[Tag]:
        return [
            tag
            for tag in self.inside
            if tag.name == name and all(tag.attrs.get(k) == v for k, v in attrs.items())
        ]

    def find(self, name: str, /, **attrs: str) -> Tag:
        (tag,) = self.find_all(name, **attrs)
        return tag

    def get_text(self) -> str:
        return " ".join(self.text.split())


class Page(HTMLParser):
    """The tags of a page; fails if these are not properly nested."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Tag("", {})
        self._open = [self.root]
        self.feed(html)
        self.close()
        assert self._open == [self.root]

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = Tag(name, dict(attrs))
        for ancestor in self._open:
            ancestor.inside.append(tag)
        if name not in VOID:
            self._open.append(tag)

    def handle_endtag(self, name: str) -> None:
        assert self._open.pop().name == name

    def handle_data(self, data: str) -> None:
        for tag in self._open:
            tag.text += data
