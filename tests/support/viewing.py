"""What every look at a page in a browser measures."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

DESKTOP = {"width": 1280, "height": 900}
PHONE_WIDTH = 360
TOO_WIDE = """(width) => {
  const scrolls = (element) => {
    for (let box = element.parentElement; box; box = box.parentElement) {
      const { overflowX, position } = getComputedStyle(box);
      if (['auto', 'scroll', 'hidden', 'clip'].includes(overflowX) && box !== document.body
        && box !== document.documentElement) return true;
      if (position === 'fixed') return true;
    }
    return false;
  };
  const wide = [...document.body.querySelectorAll('*')].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.left < width && box.right > width + 1 && !scrolls(element);
  });
  return { page: document.documentElement.scrollWidth,
    elements: wide.slice(0, 8).map(one => `${one.tagName.toLowerCase()}.${one.className} ${one.id}`) };
}"""


def violations(page: Page, within: str | None = None) -> list[str]:
    """Accessibility violations of a page or of an element of it, one line per element."""
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]
