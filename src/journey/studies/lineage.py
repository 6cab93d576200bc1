"""Which definitions a result depends on, read from the source: its version is a hash over them.

A definition counts when the function that computes the result reaches it by name, in whatever module it
stands. So moving code changes no version, nor does an edit of what the result does not use; an edit of what
it uses does. Docstrings, comments and annotations do not count. What is looked up by a computed name cannot
be seen and is given as a further root.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from journey.errors import JourneyError

#: "journey.package.module:function" as the source of a number: where the function stands does not matter.
SOURCE = re.compile(r"journey(\.\w+)+:")
#: Who builds a warehouse depends on its SQL.
BUILDER = "build_warehouse"
#: Where to stop. Committed results are read from their files: who reads one does not depend on how it was
#: computed. What only describes a store, or refuses it, changes no result.
ENDS = {
    ("journey.studies.registry", "kept"),
    ("journey.stores.schema.manifest", "Manifest"),
    ("journey.stores.schema.manifest", "write_manifest"),
    ("journey.warehouse.invariants", "check_invariants"),
}
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
SCOPES = COMPREHENSIONS | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
DEFINED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Key = tuple[str, str]


@dataclass(frozen=True)
class Module:
    """One module: what its names stand for, at its top level."""

    name: str
    tree: ast.Module

    @cached_property
    def definitions(self) -> dict[str, list[ast.stmt]]:
        """Name -> the statements that define it; imports are elsewhere."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in _statements(self.tree.body):
            for name in _bound(statement):
                found.setdefault(name, []).append(statement)
        return found

    @cached_property
    def imports(self) -> dict[str, tuple[str, str | None]]:
        """Name -> the module it comes from, and its name there (None: the module itself)."""
        return imported(_statements(self.tree.body))


class Package:
    """All modules of a package as they are now, parsed when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            _dotted(file, folder): file.read_text(encoding="utf-8")
            for file in folder.rglob("*.py")
            # An editor's lock file is a link to nowhere.
            if not file.name.startswith(".")
        }
        self._modules: dict[str, Module] = {}
        self._next: dict[Key, list[Key]] = {}
        self._texts: dict[Key, list[str]] = {}
        self._words: dict[Key, set[str]] = {}

    def module(self, name: str) -> Module | None:
        """The module of that name, or None when the package has none."""
        if name in self.files and name not in self._modules:
            self._modules[name] = Module(name, ast.parse(self.files[name]))
        return self._modules.get(name)

    def resolve(self, module: str, name: str) -> Key | str | None:
        """What a name of a module stands for: a definition, a module by its name, or nothing of ours."""
        seen: set[Key] = set()
        while (module, name) not in seen:
            seen.add((module, name))
            found = self.module(module)
            if found is None:
                return None
            if name in found.definitions:
                return module, name
            if name not in found.imports:
                inner = f"{module}.{name}"
                return inner if inner in self.files else None
            source, original = found.imports[name]
            if original is None:
                return source if source in self.files else None
            module, name = source, original
        # A package that imports its own module by name: `from journey.published import causal`.
        inner = f"{module}.{name}"
        return inner if inner in self.files else None

    def reached(self, roots: Iterable[str]) -> dict[Key, list[ast.stmt]]:
        """Every definition that the roots reach, each given as `module:name`.

        Raises
        ------
        JourneyError
            For a root that does not exist.
        """
        waiting: list[Key] = []
        for root in roots:
            module, _, name = root.partition(":")
            found = self.resolve(module, name)
            if not isinstance(found, tuple):
                raise JourneyError(f"{root}: there is no such definition; correct the study's roots")
            waiting.append(found)
        done: dict[Key, list[ast.stmt]] = {}
        while waiting:
            module, name = key = waiting.pop()
            if key in done or key in ENDS:
                continue
            holder = self.module(module)
            assert holder is not None
            done[key] = holder.definitions[name]
            if key not in self._next:
                self._next[key] = [each for statement in done[key] for each in self.used(module, statement)]
            waiting += self._next[key]
        return done

    def texts(self, key: Key, statements: list[ast.stmt]) -> list[str]:
        """What decides a result of a definition, as text."""
        if key not in self._texts:
            self._texts[key] = [f"{key[1]}\n{_text(each)}" for each in statements]
        return self._texts[key]

    def words(self, key: Key, statements: list[ast.stmt]) -> set[str]:
        """Texts in a definition, any of which may name a query."""
        if key not in self._words:
            self._words[key] = {
                node.value
                for node in walk(*statements)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
        return self._words[key]

    def used(self, module: str, statement: ast.AST) -> Iterator[Key]:
        """Definitions that a statement names, directly or through a module."""
        return self.named(module, imported(walk(statement)), mentions(statement))

    def named(
        self, module: str, local: dict[str, tuple[str, str | None]], chains: Iterable[list[str]]
    ) -> Iterator[Key]:
        """Definitions that names with their attributes stand for, some of them imported nearby."""
        for names in chains:
            yield from self._follow(self._named(module, local, names[0]), names[1:])

    def _named(self, module: str, local: dict[str, tuple[str, str | None]], name: str) -> Key | str | None:
        if name not in local:
            found = self.module(module)
            known = found is not None and (name in found.definitions or name in found.imports)
            if known:
                return self.resolve(module, name)
            everything = (source for source, original in local.values() if original == "*")
            return next((there for each in everything if (there := self.resolve(each, name))), None)
        source, original = local[name]
        if original is None:
            return source if source in self.files else None
        return self.resolve(source, original)

    def _follow(self, found: Key | str | None, names: list[str]) -> Iterator[Key]:
        """From what a name stands for through its attributes; a module used as a value counts whole."""
        for name in names:
            if not isinstance(found, str):
                break
            found = self.resolve(found, name)
        if isinstance(found, tuple):
            yield found
        elif isinstance(found, str) and (whole := self.module(found)) is not None:
            yield from ((found, name) for name in whole.definitions)


def version(roots: Iterable[str], package: Path, sql: Path | None = None, *, whole_sql: bool = False) -> str:
    """Version of a result: 16 hexadecimal digits over all definitions and queries that its roots reach.

    Parameters
    ----------
    roots
        `module:function`, such as `journey.studies.births:compute`.
    package
        Folder of the package `journey`.
    sql
        Folder of the SQL. Queries that reached code names count, and all models where it builds a warehouse.
    whole_sql
        Whether every file of the SQL counts.

    Raises
    ------
    JourneyError
        For a root that does not exist.
    """
    whole = _package(package)
    reached = whole.reached(roots)
    parts = {text for key, many in reached.items() for text in whole.texts(key, many)}
    if sql is not None:
        words = {word for key, many in reached.items() for word in whole.words(key, many)}
        built = any(name == BUILDER for _, name in reached)
        for file in sql.rglob("*.sql"):
            if whole_sql or (file.stem in words if "analysis" in file.parts else built):
                parts.add(f"{file.stem}\n{_uncommented(file.read_text(encoding='utf-8'))}")
    digest = hashlib.sha256()
    for part in sorted(parts):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


@cache
def _package(folder: Path) -> Package:
    return Package(folder)


def imported(statements: Iterable[ast.AST]) -> dict[str, tuple[str, str | None]]:
    """Names that import statements bind -> module and name there; relative imports are not used here."""
    found: dict[str, tuple[str, str | None]] = {}
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            for each in statement.names:
                # Of `from a import *` and `from b import *` both count.
                key = each.asname or (each.name if each.name != "*" else f"{statement.module}.*")
                found[key] = (statement.module, each.name)
        elif isinstance(statement, ast.Import):
            for each in statement.names:
                found[each.asname or each.name.split(".")[0]] = (
                    each.name if each.asname else each.name.split(".")[0],
                    None,
                )
    return found


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, those inside `if` and `try` too."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If | ast.Try):
            yield from _statements(ast.iter_child_nodes(statement))  # type: ignore[arg-type]


def _bound(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign):
        targets = [statement.target]
    else:
        return []
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below a node, in order; several times as fast as `ast.iter_child_nodes`."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [each for each in value if isinstance(each, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(*roots: ast.AST) -> list[ast.AST]:
    """Nodes and all below them, as `ast.walk` gives them."""
    found = list(roots)
    for node in found:
        found += children(node)
    return found


def mentions(node: ast.AST) -> list[list[str]]:
    """Names that are read, with the attributes after them; a function's own are not the module's."""
    found: list[list[str]] = []
    _mention(node, frozenset(), found)
    return found


def _mention(node: ast.AST, own: frozenset[str], found: list[list[str]]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for outside in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            _mention(outside, own, found)
        own |= {each.arg for each in walk(node.args) if isinstance(each, ast.arg)} | {*_stored(node)}
    elif isinstance(node, COMPREHENSIONS):
        own |= {*_stored(node)}
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        if node.id not in own and isinstance(node.ctx, ast.Load):
            found.append([node.id, *names])
        return
    for child in children(node):
        _mention(child, own, found)


def _stored(scope: ast.AST) -> list[str]:
    """Names that are set in a scope itself; those of the scopes inside it are theirs."""
    inside = children(scope)
    for node in inside:
        if not isinstance(node, SCOPES):
            inside += children(node)
    return [node.id for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _text(statement: ast.stmt) -> str:
    """A statement as Python 3.11's `ast.dump` tells it, without what decides no result.

    Docstrings, annotations and imports are left out, and where a source stands. Later releases tell a tree in
    other words; a version must be the same on each.
    """
    return "" if _silent(statement) else _told(statement)


def _told(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_told(each) for each in value if not _silent(each))}]"
    if isinstance(value, ast.JoinedStr):
        # Python 3.12 finds an empty text after a field inside a field.
        value.values = [
            each for each in value.values if not (isinstance(each, ast.Constant) and each.value == "")
        ]
    if not isinstance(value, ast.AST):
        return repr(SOURCE.sub("", value) if isinstance(value, str) else value)
    none = isinstance(value, ast.Constant | ast.MatchSingleton)
    fields = [(name, getattr(value, name, None)) for name in value._fields if name not in _unsaid(value)]
    told = [
        f"{name}={'Constant(value=None)' if name == 'annotation' else _told(field)}"
        for name, field in fields
        if field is not None or (none and name == "value")
    ]
    return f"{type(value).__name__}({', '.join(told)})"


def _silent(value: object) -> bool:
    """Whether a statement decides no result: an import, or a value that stands for itself."""
    return isinstance(value, ast.Import | ast.ImportFrom) or (
        isinstance(value, ast.Expr) and isinstance(value.value, ast.Constant)
    )


def _unsaid(node: ast.AST) -> tuple[str, ...]:
    """Fields that decide no result; `type_params`, which came with Python 3.12, are not used here."""
    if isinstance(node, ast.arg):
        return ("annotation",)
    return ("returns", "type_params") if isinstance(node, DEFINED) else ()


def _uncommented(text: str) -> str:
    return "\n".join(line for each in text.splitlines() if (line := each.split("--")[0].rstrip()))


def _dotted(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
