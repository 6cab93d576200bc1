"""What code can see, read from the code: definitions, and the names of what lies outside it.

A definition counts when it is reached by name, imports inside functions and star imports included. A method
counts when its class is reached and something reached says its name. Statements of a module that bind
nothing count as soon as the module is imported. Comments and docstrings do not count.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.files import write_text
from journey.studies.lineage import Key, Module, Package, imported, mentions, walk

#: What is asked for by name counts by its name, not as the whole collection that it is taken from.
BY_NAME = {
    (("journey.warehouse.query", "find"), ("journey.warehouse.query", "library")),
    (("journey.studies.registry", "kept"), ("journey.studies.registry", "known")),
}
#: A text that can name a file, a query, a table or a committed result.
NAME = re.compile(r"[\w.*/=-]{2,80}")
TABLE = re.compile(r"\b(?:marts|staging)\.\w*")
#: Decorators that leave the calling of a method to whoever says its name.
PLAIN = {"property", "cached_property", "classmethod", "staticmethod", "abstractmethod", "contextmanager"}
#: Bases that call no method of their own accord, except those with two underscores.
INERT = {"Protocol", "Generic", "NamedTuple", "ABC", "Exception", "ValueError", "str"}
BODY = ""


@dataclass(frozen=True)
class Sight:
    """What some code can see.

    Attributes
    ----------
    code
        Module -> digest of what is reached of it.
    reached
        Definitions reached, as `module:name`; those of a module that is a page are left out.
    names
        Texts and attributes in them that may name something outside the code.
    numbers
        What is asked of the ledger under the name `n`, such as `n.funnel.sessions`.
    """

    code: dict[str, str]
    reached: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {name: value if name == "code" else sorted(value) for name, value in vars(self).items()}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Sight:
        """From JSON values."""
        return cls(values.pop("code"), **{name: frozenset(value) for name, value in values.items()})


class Code:
    """The package's source as it is now. What is found is kept for as long as no byte of it changes."""

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        self.package = Package(folder)
        self.units: dict[Key, Unit] = {}
        self.version = digest(f"{name}\n{text}" for name, text in sorted(self.package.files.items()))
        self.kept = kept
        self.known: dict[str, Sight] = {}
        if kept is not None and kept.is_file():
            try:
                stored = json.loads(kept.read_text(encoding="utf-8"))
                if stored.pop("version") == self.version:
                    self.known = {name: Sight.of(values) for name, values in stored.items()}
            except (ValueError, KeyError, TypeError, AttributeError):
                self.known = {}
        self.written = len(self.known)

    def sight(self, *roots: str, page: str = "") -> Sight:
        """What definitions, each given as `module:name`, and the Python source of a page can see.

        Raises
        ------
        JourneyError
            For a root that does not exist.
        """
        name = digest([*roots, page])
        if name not in self.known:
            self.known[name] = Walk(self, roots, page).sight()
        return self.known[name]

    def keep(self) -> None:
        """Write down what was found, for the next time."""
        if self.kept is not None and len(self.known) > self.written:
            stored = {name: found.plain() for name, found in self.known.items()}
            write_text(self.kept, json.dumps({"version": self.version, **stored}, sort_keys=True))
            self.written = len(self.known)

    def unit(self, key: Key) -> Unit:
        """A definition, a method or the body of a module."""
        if key not in self.units:
            module, name = key
            holder = self.package.module(module)
            assert holder is not None
            outer, _, inner = name.partition(".")
            nodes: list[ast.AST] = list(loose(holder) if name == BODY else holder.definitions[outer])
            if inner:
                nodes = [node for each in nodes for node in methods(each) if node.name == inner]
            self.units[key] = Unit(self.package, module, nodes, whole=bool(inner) or name == BODY)
        return self.units[key]


class Unit:
    """A piece of code that counts whole or not at all."""

    def __init__(self, package: Package, module: str, nodes: list[ast.AST], *, whole: bool) -> None:
        self.methods = [] if whole else [node.name for each in nodes for node in methods(each)]
        bare = [node if whole else without_methods(node) for node in nodes]
        holder = package.module(module)
        inside = [walk(node) for node in bare]
        found = [(imported(nodes), mentions(node)) for node, nodes in zip(bare, inside, strict=True)]
        local = {name: source for near, _ in found for name, source in near.items()}
        known = local | (holder.imports if holder else {})
        chains = [chain for _, many in found for chain in many]
        #: `norm=scipy.stats:norm`: whose name it is counts as much as the name.
        bound = {f"{chain[0]}={known[chain[0]]}" for chain in chains if chain[0] in known}
        self.uses = {key for near, many in found for key in package.named(module, near, many)}
        self.imports = {source for source, _ in local.values()}
        self.numbers = {".".join(chain[:3]) for chain in chains if chain[0] == "n"}
        self.names = {word for nodes in inside for word in words(nodes)}
        self.digest = digest([*map(text, bare), *sorted(bound)])


class Walk:
    """One walk from roots to all that they reach."""

    def __init__(self, code: Code, roots: Iterable[str], page: str) -> None:
        self.code = code
        self.done: dict[Key, Unit] = {}
        self.names: set[str] = set()
        self.numbers: set[str] = set()
        self.modules: set[str] = set()
        self.unnamed: dict[str, list[Key]] = defaultdict(list)
        self.waiting: list[Key] = []
        for root in roots:
            module, _, name = root.partition(":")
            found = code.package.resolve(module, name)
            if not isinstance(found, tuple):
                raise JourneyError(f"{root}: there is no such definition; correct the stage")
            self.waiting.append(found)
        if page:
            self.enter(Unit(code.package, "", [ast.parse(page)], whole=True))
        while self.waiting:
            key = self.waiting.pop()
            if key not in self.done:
                self.done[key] = unit = code.unit(key)
                self.load(key[0])
                self.enter(unit, key)

    def enter(self, unit: Unit, key: Key | None = None) -> None:
        """Take in what a unit says, and go on to what it uses."""
        self.waiting += [used for used in unit.uses if (key, used) not in BY_NAME]
        self.numbers |= unit.numbers
        for module in unit.imports:
            self.load(module)
        for name in unit.names - self.names:
            self.names.add(name)
            self.waiting += self.unnamed.pop(name, [])
        for method in unit.methods:
            assert key is not None
            inner = (key[0], f"{key[1]}.{method}")
            if method in self.names:
                self.waiting.append(inner)
            else:
                self.unnamed[method].append(inner)

    def load(self, name: str) -> None:
        """A module is imported, and with it the packages above it and what it imports at its top."""
        if name in self.modules:
            return
        parts = name.split(".")
        for end in range(1, len(parts) + 1):
            module = ".".join(parts[:end])
            if module in self.modules:
                continue
            self.modules.add(module)
            holder = self.code.package.module(module)
            if holder is None:
                continue
            if any(True for _ in loose(holder)):
                self.waiting.append((module, BODY))
            for source, original in holder.imports.values():
                self.load(f"{source}.{original}" if original else source)

    def sight(self) -> Sight:
        """What was found."""
        parts: dict[str, list[str]] = defaultdict(list)
        for (module, name), unit in sorted(self.done.items()):
            parts[module].append(f"{name}\n{unit.digest}")
        return Sight(
            code={module: digest(many) for module, many in parts.items()},
            reached=frozenset(f"{module}:{name}" for module, name in self.done),
            names=frozenset(self.names),
            numbers=frozenset(self.numbers),
        )


def digest(parts: Iterable[str]) -> str:
    """Hash of texts in their order."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part.encode() + b"\0")
    return state.hexdigest()[:20]


def methods(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Methods of a class that nobody calls without saying their names."""
    if not isinstance(node, ast.ClassDef) or any(_last(base) not in INERT for base in node.bases):
        return
    for each in node.body:
        if (
            isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            and not each.name.startswith(("__", "_repr_", "_ipython_"))
            and all(_last(decorator) in PLAIN for decorator in each.decorator_list)
        ):
            yield each


def without_methods(node: ast.AST) -> ast.AST:
    """A class without its `methods`; anything else as it is."""
    apart = list(methods(node))
    if not apart or not isinstance(node, ast.ClassDef):
        return node
    left = [each for each in node.body if each not in apart]
    return ast.ClassDef(**{**dict(ast.iter_fields(node)), "body": left})


def loose(module: Module) -> Iterator[ast.stmt]:
    """Statements at the top of a module that bind no name but may do something."""
    bound = {id(each) for many in module.definitions.values() for each in many}
    for each in module.tree.body:
        nothing = isinstance(each, ast.Import | ast.ImportFrom | ast.Pass) or (
            isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
        )
        if not nothing and id(each) not in bound and not _imports_only(each):
            yield each


def words(nodes: list[ast.AST]) -> Iterator[str]:
    """Texts and attributes that may name something, and names of tables inside longer texts.

    The nodes are a piece of code and all below it, itself first.
    """
    documentation = {id(each.value) for each in nodes if isinstance(each, ast.Expr)}
    of_class = isinstance(nodes[0], ast.ClassDef)
    for each in nodes:
        if isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.Name) and of_class:
            yield each.id
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in documentation:
            yield from TABLE.findall(each.value)
            if NAME.fullmatch(each.value):
                yield each.value


def text(node: ast.AST) -> str:
    """A piece of code as text, without its docstrings: every node with its fields."""
    told: list[str] = []
    _tell(node, told)
    return "".join(told)


def _tell(value: object, told: list[str]) -> None:
    if isinstance(value, ast.AST):
        told.append(f"{type(value).__name__}(")
        for name in value._fields:
            _tell(getattr(value, name, None), told)
        told.append(")")
    elif isinstance(value, list):
        told.append("[")
        for each in value:
            if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)):
                _tell(each, told)
        told.append("]")
    else:
        told.append(f"{value!r},")


def _imports_only(node: ast.stmt) -> bool:
    inner = [each for each in ast.walk(node) if isinstance(each, ast.stmt) and each is not node]
    return bool(inner) and all(isinstance(each, ast.Import | ast.ImportFrom | ast.Pass) for each in inner)


def _last(node: ast.AST) -> str:
    """The last name of an expression: `cached_property` of `functools.cached_property`."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
