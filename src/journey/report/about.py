"""Who made the report and where it lives: `_variables.yml`, the environment of the build, the git remote.

What none of them says is empty, and a page leaves it out: there is no dead link.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import yaml

from journey.errors import JourneyError
from journey.files import write_json, write_text
from journey.paths import Paths

VARIABLES = ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY_OWNER", "JOURNEY_SITE")
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(/[^\s\"'<>\\`]*)?")
_REMOTE = re.compile(
    r"(?:https://(?:[^/@]*@)?|git@|ssh://git@)([A-Za-z0-9.-]+\.[a-z]+)[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?"
)


@dataclass(frozen=True)
class About:
    """Author, links by their texts, addresses of the repository and the site; empty where unknown."""

    author: str = ""
    links: dict[str, str] = field(default_factory=dict)
    repository: str = ""
    site: str = ""

    @property
    def code(self) -> str:
        """The repository without its scheme, as it stands in print."""
        return self.repository.removeprefix("https://")


def find_about(variables: Path, environment: Mapping[str, str], remote: str) -> About:
    """Fill what `variables` leaves empty.

    Parameters
    ----------
    variables
        A YAML file with `author`, `links`, `repository` and `site`.
    environment
        GITHUB_REPOSITORY names the repository and with it its pages, JOURNEY_SITE the site.
    remote
        Address of the git remote; one that is no host on the network counts for nothing.

    Raises
    ------
    JourneyError
        For a file that is no mapping, and for an address that does not start with https://.
    """
    given = yaml.safe_load(variables.read_text(encoding="utf-8")) if variables.is_file() else {}
    if not isinstance(given, dict) or not isinstance(given.get("links") or {}, dict):
        raise JourneyError(
            f"{variables.name}: write `author: name`, and links as `text: address` below `links:`"
        )
    found = _REMOTE.fullmatch(remote.strip())
    repository, site = str(given.get("repository") or ""), str(given.get("site") or "")
    if not repository and (named := environment.get("GITHUB_REPOSITORY")):
        repository = f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{named}"
        owner, _, name = named.partition("/")
        own = name.lower() == f"{owner.lower()}.github.io"
        site = (
            site
            or environment.get("JOURNEY_SITE")
            or f"https://{owner.lower()}.github.io/{'' if own else name + '/'}"
        )
    repository = repository or (f"https://{found[1]}/{found[2]}" if found else "")
    site = site or environment.get("JOURNEY_SITE", "")
    links = {str(text): str(address) for text, address in (given.get("links") or {}).items()}
    for address in (*links.values(), repository, site):
        if address and not _ADDRESS.fullmatch(address):
            raise JourneyError(f"{variables.name}: {address!r} is no address; write https://...")
    site = f"{site.rstrip('/')}/" if site else ""
    return About(str(given.get("author") or ""), links, repository.rstrip("/"), site)


def git_remote(root: Path) -> str:
    """Address of the remote `origin`; empty where there is no git or no such remote."""
    command = ["git", "-C", str(root), "config", "--get", "remote.origin.url"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def write_about(paths: Paths) -> None:
    """Write down what is known, for the pages."""
    found = find_about(paths.root / "_variables.yml", os.environ, git_remote(paths.root))
    write_json(paths.results / "about.json", asdict(found))
    # Quarto and the offline renderer both read this file beside the configuration.
    local = paths.root / "_quarto.yml.local"
    website = {"site-url": found.site, "repo-url": found.repository}
    if found.repository:
        website["repo-actions"] = "source"
    if known := {key: value for key, value in website.items() if value}:
        write_text(local, yaml.safe_dump({"website": known}))
    else:
        local.unlink(missing_ok=True)


def load_about(paths: Paths) -> About:
    """Read what was written down.

    Raises
    ------
    JourneyError
        When nothing was.
    """
    file = paths.results / "about.json"
    if not file.is_file():
        raise JourneyError(f"{file.name} is missing: run `journey build` to make it")
    return About(**json.loads(file.read_text(encoding="utf-8")))


def byline(about: About) -> str:
    """Markdown that names the author and, on paper, where things are; empty where nothing is known."""
    from journey.report.markup import markdown_text

    who = [markdown_text(about.author)] if about.author else []
    who += [f"[{markdown_text(text)}]({address})" for text, address in about.links.items()]
    # The page has a button for the code, and is itself the site.
    where = [
        f"[{markdown_text(address.removeprefix('https://').rstrip('/'))}]({address})"
        for address in (about.repository, about.site)
        if address
    ]
    return "".join(
        f'\n::: {{.byline .content-visible when-format="{fmt}"}}\n{" · ".join(parts)}\n:::\n'
        for fmt, parts in (("html", who), ("typst", [*who, *where]))
        if parts
    )
