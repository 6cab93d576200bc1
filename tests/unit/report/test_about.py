"""Who made the report and where it lives: what is chosen wins, what is unknown is left out."""

import pytest

from journey.errors import JourneyError
from journey.report.about import About, byline, find_about

GITHUB = {"GITHUB_REPOSITORY": "Ada/shop", "GITHUB_SERVER_URL": "https://github.com"}


@pytest.fixture
def variables(tmp_path):
    file = tmp_path / "_variables.yml"
    file.write_text('author: ""\nlinks: {}\nrepository: ""\nsite: ""\n')
    return file


@pytest.mark.parametrize("remote", ["", "/srv/mirror/shop.git", "file:///srv/shop", "../shop"])
def test_nothing_known_gives_nothing(variables, remote):
    found = find_about(variables, {}, remote)
    assert found == About()
    assert byline(found) == ""


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/ada/shop.git",
        "https://github.com/ada/shop",
        "git@github.com:ada/shop.git",
        "ssh://git@github.com/ada/shop.git",
        "https://token:secret@github.com/ada/shop.git",
    ],
)
def test_a_remote_gives_the_repository_without_secrets_and_no_site(variables, remote):
    found = find_about(variables, {}, remote)
    assert (found.repository, found.site) == ("https://github.com/ada/shop", "")


def test_ci_gives_repository_and_pages(variables):
    found = find_about(variables, GITHUB, "git@example.org:other/thing.git")
    assert (found.repository, found.site) == ("https://github.com/Ada/shop", "https://ada.github.io/shop/")
    own = find_about(variables, {"GITHUB_REPOSITORY": "ada/ada.github.io"}, "")
    assert own.site == "https://ada.github.io/"


def test_what_is_chosen_wins(tmp_path):
    file = tmp_path / "_variables.yml"
    file.write_text(
        "author: Ada *L.*\nlinks: {Profile: https://example.org/ada}\n"
        "repository: https://example.org/r/\nsite: https://example.org/s\n"
    )
    found = find_about(file, GITHUB, "")
    assert (found.repository, found.site) == ("https://example.org/r", "https://example.org/s/")
    line = byline(found)
    on_page, on_paper = line.split("\n:::\n")[:2]
    assert "Ada \\*L.\\*" in on_page
    assert (on_page.count("](https://example.org/"), on_paper.count("](https://example.org/")) == (1, 3)


def test_where_only_the_repository_is_known_the_page_has_no_line():
    line = byline(About(repository="https://github.com/ada/shop"))
    assert 'when-format="html"' not in line
    assert "[github.com/ada/shop](https://github.com/ada/shop)" in line


@pytest.mark.parametrize(
    "text", ["- a", "links: x", "repository: http://x.org", 'site: "javascript:alert(1)"']
)
def test_what_is_no_address_is_refused(tmp_path, text):
    file = tmp_path / "_variables.yml"
    file.write_text(text)
    with pytest.raises(JourneyError, match=r"_variables\.yml"):
        find_about(file, {}, "")
