"""The security policy of every page: scripts of the site alone run, and the page works under it."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page, expect
from support.places import SITE

from journey.postrender import finish, protected
from journey.report.figures import show_figure
from journey.report.style import colour

pytestmark = pytest.mark.site

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
CHAPTER = "chapters/10-causal.html"
LIBRARY = "chapters/appendix/sql-library.html"
WATCH = """addEventListener("securitypolicyviolation", (event) => {
  (window.violations ??= []).push([event.violatedDirective, event.blockedURI]);
});"""
PLAIN = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>A</title></head><body>{}</body></html>'


def live() -> bool:
    """Whether the build could fetch what runs SQL in a page."""
    return (SITE / "assets" / "vendor" / "duckdb").is_dir()


def directives(page: str) -> dict[str, list[str]]:
    (policy,) = POLICY.findall(page)
    parts = (part.split() for part in unescape(policy).split(";"))
    return {name: words for name, *words in parts}


def test_every_page_has_a_strict_policy_before_its_first_script(site: Path, page_name: str):
    text = (site / page_name).read_text(encoding="utf-8")
    found = directives(text)
    assert text.index("Content-Security-Policy") < text.index("<script")
    assert {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "data:"}.isdisjoint(found["script-src"])
    assert found["script-src"][0] == "'self'"
    assert found["default-src"] == ["'self'"]
    assert found["object-src"] == found["base-uri"] == ["'none'"]
    asked = set(re.findall(r'data-policy="([^"]*)"', text))
    assert ("'wasm-unsafe-eval'" in found["script-src"]) is ("wasm-unsafe-eval" in asked)
    assert ("worker-src" in found) is ("wasm-unsafe-eval" in asked) is (page_name == LIBRARY and live())


def test_no_page_breaks_its_policy(browser: Browser, address: str, page_name: str):
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.goto(address + page_name, wait_until="networkidle")
    assert page.evaluate("window.violations ?? []") == []
    page.close()


@pytest.mark.parametrize(
    "markup",
    [
        '<script>document.title = "taken"</script>',
        '<img src="x" onerror="document.title = `taken`">',
        '<script src="https://elsewhere.test/a.js"></script>',
        '<a id="bad" href="javascript:document.title=`taken`">go</a>',
        '<iframe srcdoc="<script>parent.document.title=`taken`</script>"></iframe>',
        '<base href="https://elsewhere.test/">',
    ],
)
def test_what_is_injected_does_not_run(browser: Browser, address: str, site: Path, markup: str):
    page = browser.new_page()
    page.add_init_script(WATCH)
    text = (site / CHAPTER).read_text(encoding="utf-8").replace("</h1>", f"</h1>{markup}", 1)
    page.route(f"**/{CHAPTER}", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(address + CHAPTER)
    if page.locator("#bad").count():
        page.locator("#bad").click()
    page.wait_for_timeout(300)
    assert page.title() != "taken"
    assert sum(frame.evaluate("(window.violations ?? []).length") for frame in page.frames) >= 1
    page.close()


def opened(browser: Browser, text: str) -> Page:
    page = browser.new_page()
    page.add_init_script(WATCH)
    page.route("**/*", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto("http://policy.test/")
    return page


def test_scripts_of_any_text_and_handlers_run_by_their_hash(browser: Browser):
    text = PLAIN.format(
        "<script>\r\n// A </p> &amp; “quotes” <!-- no comment -->\r\n"
        "window.first = 1 < 2 && '</b>';\r\n</script>"
        '<script type="module">window.second = 2;</script>'
        '<script type="application/json">{"data": "not hashed"}</script>'
        '<button onclick="window.third = &quot;3&quot;; return false;">go</button>'
    )
    page = opened(browser, protected(text))
    page.get_by_role("button").click()
    assert page.evaluate("[window.first, window.second, window.third]") == ["</b>", 2, "3"]
    assert page.evaluate("window.violations ?? []") == []
    page.close()


def test_a_script_that_was_changed_does_not_run(browser: Browser):
    text = protected(PLAIN.format("<script>window.first = 1</script>"))
    page = opened(browser, text.replace("first = 1", "first = 2"))
    assert page.evaluate("window.first ?? null") is None
    page.close()


@pytest.mark.parametrize("asks", [True, False])
def test_webassembly_compiles_only_where_a_page_asks(browser: Browser, asks: bool):
    empty = "new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])"
    script = f"<script>try {{ new WebAssembly.Module({empty}); window.able = true; }} catch {{}}</script>"
    asked = '<div data-policy="wasm-unsafe-eval"></div>' if asks else ""
    page = opened(browser, protected(PLAIN.format(asked + script)))
    assert page.evaluate("window.able ?? false") is asks
    page.close()


def test_the_policy_holds_in_a_worker_that_a_page_writes(browser: Browser):
    """The one of the SQL library runs what a reader types: no server but the site's own may hear of it."""
    page = opened(browser, protected(PLAIN.format('<div data-policy="wasm-unsafe-eval"></div>')))
    asked: list[str] = []
    page.context.on("request", lambda request: asked.append(request.url))
    answer = page.evaluate("""() => new Promise((done) => {
      const say = (word) => `() => postMessage("${word}")`;
      const text = `fetch("http://elsewhere.test/").then(${say("open")}, ${say("shut")})`;
      const worker = new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
      worker.addEventListener("message", ({ data }) => done(data));
    })""")
    assert answer == "shut"
    assert not [url for url in asked if "elsewhere" in url]
    page.close()


def test_a_page_cannot_ask_for_more():
    with pytest.raises(ValueError, match="a page may ask for wasm-unsafe-eval"):
        protected(PLAIN.format('<p data-policy="unsafe-inline"></p>'))


def test_a_page_without_a_character_set_is_refused():
    with pytest.raises(ValueError, match="no <meta charset> before the first script"):
        protected("<html><head><script>1</script></head></html>")


def test_protecting_twice_changes_nothing():
    once = protected(PLAIN.format("<script>1</script>"))
    assert protected(once) == once
    changed = once.replace("<script>1<", "<script>2<")
    assert protected(changed) != changed


@pytest.mark.parametrize("fragment", ["#%", "#%E0%A4%A", "#100%25", "#%00"])
@pytest.mark.parametrize("name", [CHAPTER, LIBRARY])
def test_a_broken_fragment_stops_no_script(browser: Browser, address: str, name: str, fragment: str):
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}{name}{fragment}", wait_until="networkidle")
    page.locator(".quarto-color-scheme-toggle:visible").first.click()
    expect(page.locator("body")).to_have_class(re.compile("quarto-dark"))
    assert errors == []
    page.close()


HOSTILE = [
    "<b>bold</b>",
    "one<br>two",
    "&lt;i&gt; &amp;",
    r"\alpha",
    "$x^2$",
    "<a href='https://e.test'>go</a>",
]


def test_hostile_names_are_drawn_letter_by_letter(
    browser: Browser, address: str, capsys: pytest.CaptureFixture[str]
):
    count = list(range(1, len(HOSTILE) + 1))
    bar = {"color": colour("series-1")}
    figure = go.Figure(
        go.Bar(x=count, y=HOSTILE, text=HOSTILE, orientation="h", hovertemplate="%{y}", marker=bar)
    )
    figure.update_layout(xaxis_title="n", yaxis_title="name", margin={"l": 250})
    frame = pd.DataFrame({"name": HOSTILE, "n": count})
    show_figure(figure, id="hostile", title="Names", alt="Bars with names", data=frame)
    drawn = capsys.readouterr().out.split("{=html}\n")[1].rsplit("\n```", 1)[0]
    script = '<script type="module" src="assets/figures.js"></script>'
    page = browser.new_page()
    text = protected(PLAIN.format(drawn + script))
    page.route("**/hostile.html", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(f"{address}hostile.html", wait_until="networkidle")
    assert set(HOSTILE) <= set(page.locator("svg.wide text").all_text_contents())
    page.get_by_role("button", name="Explore").click()
    page.wait_for_selector(".main-svg .ytick text")
    for kind in (".ytick text", ".bartext"):
        assert [" ".join(one.split()) for one in page.locator(kind).all_text_contents()] == HOSTILE
        assert page.locator(f"{kind} a").count() == page.locator(f"{kind} .line").count() == 0
    page.locator(".bars .point").first.hover(force=True)
    expect(page.locator(".hovertext").first).to_contain_text(HOSTILE[0])
    page.close()


def test_what_only_exploring_needs_is_beside_the_page_and_not_in_it(tmp_path):
    figure = (
        '<figure class="journey-figure" id="plot-one">\n<svg/>\n'
        '<script type="application/json">{"data":[1]}</script>\n<details></details></figure>'
    )
    other = '<script type="application/json">{"not": "of a figure"}</script>'
    page = tmp_path / "page.html"
    page.write_text(PLAIN.format(other + figure), encoding="utf-8")
    finish(tmp_path)
    assert (tmp_path / "figures" / "plot-one.json").read_text(encoding="utf-8") == '{"data":[1]}'
    text = page.read_text(encoding="utf-8")
    assert '{"data":[1]}' not in text
    assert '{"not": "of a figure"}' in text
    assert "<svg/>\n<details></details></figure>" in text
    finish(tmp_path)
    assert page.read_text(encoding="utf-8") == text
    (tmp_path / "second.html").write_text(PLAIN.format(figure), encoding="utf-8")
    page.write_text(PLAIN.format(figure), encoding="utf-8")
    with pytest.raises(ValueError, match=r"second\.html: another page has a figure 'plot-one' too"):
        finish(tmp_path)
