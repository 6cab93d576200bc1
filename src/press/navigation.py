"""Navigation as data for a template: menus, breadcrumbs, previous and next page, other formats."""

from __future__ import annotations

from typing import Any

from press.errors import PressError
from press.filters import address
from press.project import Meta, Project, as_list
from press.source import Page


class Navigation:
    """Menus of a project; `titles` gives the title of every page by its path."""

    def __init__(self, project: Project, titles: dict[str, str]) -> None:
        self.titles = titles
        self.file = project.file
        navbar = project.website.get("navbar") or {}
        self.left, self.right = self.links(navbar.get("left")), self.links(navbar.get("right"))
        self.sidebar = self.links((project.website.get("sidebar") or {}).get("contents"))
        self.order = [link for top in self.sidebar for link in pages(top) if link["href"] in titles]
        website = project.website.get("title", "")
        self.footer = {key: str(text) for key, text in (project.website.get("page-footer") or {}).items()}
        self.texts = [website, *titles.values(), *self.footer.values()]
        for top in (*self.left, *self.right, *self.sidebar):
            self.texts += [link["text"] for link in (top, *top["items"])]

    def links(self, items: Any) -> list[Meta]:
        """Links and sections as `_quarto.yml` gives them; each has a text, and a path or items.

        Raises
        ------
        PressError
            For an address of another site or of no page, and for an entry with neither href nor contents.
        """
        found = []
        for item in as_list(items):
            given = {"href": item} if isinstance(item, str) else item
            href = given.get("href", "").lstrip("/")
            if "://" in href or (href.endswith(".qmd") and href not in self.titles):
                raise PressError(f"the navigation names {href}, which is not a page", self.file, href)
            if not href and not given.get("contents"):
                near = f"text: {given.get('text')}"
                raise PressError("what the navigation names needs href, or contents", self.file, near)
            text = given.get("text") or given.get("section") or self.titles.get(href) or href
            found.append({"text": str(text), "href": href, "items": self.links(given.get("contents"))})
        return found

    def of(self, page: Page, said: dict[str, Any]) -> Meta:
        """What a page's template needs; `said` has the parsed text for each of `texts`."""

        def seen(link: Meta) -> Meta:
            href, items = pages(link)[0]["href"], [seen(item) for item in link["items"]]
            here = {"active": True} if link["href"] == page.path else {}
            return {"text": said[link["text"]], "href": address(href, page.path), "items": items, **here}

        sidebar = [{**seen(link), "id": str(place)} for place, link in enumerate(self.sidebar, 1)]
        above = [top for top in self.sidebar for link in top["items"] if link["href"] == page.path]
        places = [place for place, link in enumerate(self.order) if link["href"] == page.path]
        here, after = (places[0], places[0] + 1) if places else (0, 0)
        alone = {"text": self.titles[page.path], "href": page.path, "items": []}
        trail = [seen(link) for link in above[:1] + (self.order[here:after] or [alone])]
        return {
            "left": [seen(link) for link in self.left],
            "right": [seen(link) for link in self.right],
            "sidebar": sidebar,
            "trail": trail,
            "deep": trail if len(trail) > 1 else [],
            "previous": [seen(link) for link in self.order[max(here - 1, 0) : here]],
            "next": [seen(link) for link in self.order[after : after + 1] if after],
            "footer": {key: said[text] for key, text in self.footer.items()},
        }


def pages(link: Meta) -> list[Meta]:
    """The links of a section, or a link alone."""
    return link["items"] or [link]


def other_formats(page: Page) -> list[Meta]:
    """Links to other formats, as `format-links` gives them; `html` stands for the page itself."""
    given = as_list(page.metadata("html").get("format-links"))
    if "typst" in page.formats and "html" not in given:
        # Quarto would add a link of its own to every other format.
        raise page.error("a page with typst needs format-links with `html` in the list", "format")
    links = [link for link in given if link != "html"]
    for link in links:
        if not isinstance(link, dict) or not {"text", "href", "icon"} <= link.keys():
            raise page.error("format-links needs text, href and icon, or `html`", "format-links")
    return [link | {"download": link["href"].endswith(".ipynb")} for link in links]
