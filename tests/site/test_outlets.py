"""What others read of the rendered site is there, and leads to what is there."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from support.places import ROOT, found_pages

from journey.paths import Paths
from journey.pipeline.state import State
from journey.postrender import finish, headed, rooted

pytestmark = pytest.mark.site

ICON = "link[rel~='icon'], link[rel='apple-touch-icon'], link[rel='manifest']"


def test_no_stage_of_the_build_rests_on_what_it_wrote_itself():
    """It would be out of date the moment it has run, and every clean clone would be told so."""
    stages = State(Paths(ROOT).processed / ".build-simulated.json", ROOT).stages
    assert stages["outlets"]["outputs"].keys() >= {"robots.txt", "llms.txt", "site.webmanifest"}
    for name, kept in stages.items():
        assert not kept["inputs"].keys() & kept["outputs"].keys(), name


def test_every_page_leads_to_its_icons(site: Path, browser: Browser, address: str):
    page = browser.new_page()
    for name in ("index.html", "404.html", "chapters/09-experiments.html", "chapters/tools/roi.html"):
        page.goto(address + name)
        links = page.locator(ICON).evaluate_all("links => links.map(link => [link.rel, link.href])")
        assert [rel for rel, _ in links] == ["icon", "icon", "apple-touch-icon", "manifest"], name
        for rel, link in links:
            answer = page.request.get(link)
            assert answer.ok, link
            if rel == "manifest":
                manifest = json.loads(answer.body())
                assert all((site / icon["src"]).is_file() for icon in manifest["icons"])
            elif not link.endswith(".svg"):
                with Image.open(io.BytesIO(answer.body())) as icon:
                    assert icon.width == icon.height
    page.close()


def test_lists_of_pages_lead_to_pages_and_name_them_all(site: Path):
    pages = {name for name in found_pages() if name != "404.html"}
    listed = re.findall(r"^- \[.*?\]\(([^)]*\.html)\)", (site / "llms.txt").read_text("utf-8"), re.MULTILINE)
    assert {name.rpartition("/project/")[2] for name in listed} >= pages
    robots = (site / "robots.txt").read_text(encoding="utf-8")
    assert robots.startswith("User-agent: *\nAllow: /\n")
    # Both need an address, which a build that nobody published does not have.
    assert (site / "sitemap.xml").is_file() == (site / "feed.xml").is_file() == ("Sitemap:" in robots)
    if (site / "sitemap.xml").is_file():
        places = [place.text or "" for place in ElementTree.parse(site / "sitemap.xml").iter() if place.text]
        assert all(any(place.endswith(name) for place in places) for name in pages)
        assert ElementTree.parse(site / "feed.xml").getroot().tag == "rss"


def test_the_page_for_what_is_not_found_works_below_any_address(browser: Browser, address: str, site: Path):
    """As a server shows it: the same text under an address in a folder that does not exist."""
    text = rooted((site / "404.html").read_text(encoding="utf-8"), "/project/")
    page = browser.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("response", lambda got: failed.append(got.url) if got.status >= 400 else None)
    page.route("**/gone/away.html", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(f"{address}gone/away.html", wait_until="networkidle")
    assert failed == []
    page.get_by_role("link", name="the summary").click()
    expect(page).to_have_url(re.compile(r"/project/index\.html$"))
    page.close()


def test_addresses_that_hold_anywhere_are_left_alone():
    text = '<a href="#a"><a href="/b"><a href="https://c.d/"><a href="./e"><img src="f/g.png">'
    assert rooted(text, "/p/") == (
        '<a href="#a"><a href="/b"><a href="https://c.d/"><a href="/p/e"><img src="/p/f/g.png">'
    )
    assert rooted(rooted(text, "/p/"), "/p/") == rooted(text, "/p/")


def test_a_page_names_its_feed_where_there_is_one_and_names_nothing_twice(tmp_path: Path):
    page = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>A</title></head><body></body></html>'
    once = headed(page, "../", "https://example.org/shop/")
    assert once.count("../feed.xml") == once.count("../site.webmanifest") == 1
    assert headed(once, "../", "https://example.org/shop/") == once
    assert "feed.xml" not in headed(once, "../", "")
    for name in ("404.html", "part/a.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page.replace("</body>", '<a href="x.html">x</a></body>'), "utf-8")
    finish(tmp_path, "https://example.org/shop/")
    lost, other = ((tmp_path / name).read_text("utf-8") for name in ("404.html", "part/a.html"))
    assert 'href="/shop/x.html"' in lost
    assert 'href="/shop/assets/icons/favicon.ico"' in lost
    assert 'href="x.html"' in other
    assert 'href="../assets/icons/favicon.ico"' in other
