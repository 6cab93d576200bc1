"""What others read of the site: valid, complete, and free of what is not known."""

import json
from xml.etree import ElementTree

import pytest
from PIL import Image

from journey.paths import Paths, project
from journey.pipeline.pages import page_files
from journey.report.about import About
from journey.report.outlets import (
    CARD,
    FILES,
    ICONS,
    OLD,
    TOUCH,
    Linked,
    draw_icons,
    feed,
    for_models,
    manifest,
    read_pages,
    robots,
    sitemap,
    write_outlets,
)

SITE = "https://example.org/shop/"
PAGES = [Linked("index.html", "A & B?", "First."), Linked("chapters/x.html", "C", "")]


@pytest.fixture
def root(tmp_path):
    (tmp_path / "_quarto.yml").write_text('website: {title: "T", description: "D"}')
    (tmp_path / "CHANGELOG.md").write_text("# Log\n\n## Unreleased\n\n- One: a < b.\n  Still one.\n- Two.\n")
    return tmp_path


def test_without_an_address_nothing_names_one(root):
    (root / "sitemap.xml").write_text("old")
    write_outlets(Paths(root), About(), PAGES)
    assert sorted(file.name for file in root.iterdir() if file.name in FILES) == [
        "llms.txt",
        "robots.txt",
        "site.webmanifest",
    ]
    assert "http" not in (root / "robots.txt").read_text() + (root / "llms.txt").read_text()


def test_with_an_address_all_are_made(root):
    write_outlets(Paths(root), About(site=SITE, repository="https://example.org/code"), PAGES)
    assert {file.name for file in root.iterdir()} >= set(FILES)
    assert "https://example.org/code" in (root / "llms.txt").read_text()


def test_the_sitemap_lists_every_page():
    tree = ElementTree.fromstring(sitemap(SITE, PAGES))
    found = [place.text for place in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert found == [f"{SITE}index.html", f"{SITE}chapters/x.html"]
    assert f"Sitemap: {SITE}sitemap.xml" in robots(SITE)


def test_the_feed_has_an_item_a_change(root):
    tree = ElementTree.fromstring(feed(SITE, "T", (root / "CHANGELOG.md").read_text()))
    items = [(item.findtext("title"), item.findtext("description")) for item in tree.iter("item")]
    assert items == [("One:", "One: a < b. Still one."), ("Two.", "Two.")]
    assert len({item.findtext("guid") for item in tree.iter("item")}) == 2


def test_models_find_pages_of_the_project_and_not_what_is_not_found():
    paths = project()
    pages = read_pages(paths.root, page_files(paths))
    assert {"index.html", "understand.html", "chapters/12-decisions.html"} <= {page.path for page in pages}
    assert "404.html" not in {page.path for page in pages}
    text = for_models("T", "D", pages, About(site=SITE))
    assert all(f"]({SITE}{page.path})" in text for page in pages)
    assert all(page.description for page in pages if page.path.startswith("chapters/"))


def test_the_card_has_the_size_that_sharing_asks_for():
    with Image.open(project().root / CARD) as card:
        assert (card.format, card.size) == ("PNG", (1200, 630))
        assert len(card.getcolors(1 << 24)) > 50


def test_the_sign_is_drawn_for_phones_and_for_browsers_without_svg(tmp_path):
    (tmp_path / "assets").mkdir()
    sign = (project().root / "assets" / "favicon.svg").read_text(encoding="utf-8")
    (tmp_path / "assets" / "favicon.svg").write_text(sign, encoding="utf-8")
    draw_icons(Paths(tmp_path))
    folder = tmp_path / ICONS
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    draw_icons(Paths(tmp_path))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first
    ground = tuple(bytes.fromhex(sign.partition('fill="#')[2][:6]))
    with Image.open(folder / TOUCH) as icon:
        assert icon.size == (180, 180)
        # No corner is left for the phone to show as black; the bars are white.
        assert {icon.convert("RGBA").getpixel(place) for place in ((0, 0), (179, 179))} == {(*ground, 255)}
        assert icon.convert("RGB").getpixel((90, 56)) == (255, 255, 255)
    with Image.open(folder / OLD) as icon:
        assert (icon.format, icon.size) == ("ICO", (32, 32))
        assert icon.convert("RGBA").getpixel((0, 0))[3] < 128
        assert icon.convert("RGBA").getpixel((16, 2)) == (*ground, 255)


def test_the_manifest_names_icons_of_the_size_it_says(tmp_path):
    told = json.loads(manifest("A & B", 'Says "this".'))
    assert (told["name"], told["description"]) == ("A & B", 'Says "this".')
    assert told["icons"]
    for icon in told["icons"]:
        with Image.open(project().root / icon["src"]) as drawn:
            assert f"{drawn.width}x{drawn.height}" == icon["sizes"]
