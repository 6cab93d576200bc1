"""A throwaway PostgreSQL server, driven by its own command-line programs."""

from __future__ import annotations

import getpass
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

TYPES = {"TIMESTAMP": "timestamp", "DOUBLE": "double precision", "VARCHAR": "text", "HUGEINT": "bigint"}


def server_programs() -> Path | None:
    """Folder with everything needed to run a server, or None when PostgreSQL is not installed."""
    folders = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True
    )
    needed = ("initdb", "pg_ctl", "postgres", "psql")
    return next((folder for folder in folders if all((folder / name).exists() for name in needed)), None)


class Server:
    """A running server; statements go through `psql`."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        # PostgreSQL refuses to run as root; Debian's package comes with a user of its own.
        self.as_user = ["runuser", "-u", "postgres", "--"] if getpass.getuser() == "root" else []

    def run(self, program: str, *arguments: str, text: str | None = None) -> str:
        """Output of one of its programs.

        Raises
        ------
        RuntimeError
            When it fails, with what it says.
        """
        done = subprocess.run(
            [*self.as_user, str(self.programs / program), *arguments],
            input=text, capture_output=True, text=True, check=False, cwd=self.folder,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.strip()}")
        return done.stdout

    def sql(self, statement: str) -> str:
        """Output of statements."""
        return self.run(
            "psql", "-h", str(self.folder), "-d", "postgres", "-q", "-X", "-v", "ON_ERROR_STOP=1", "-f", "-",
            text=statement,
        )  # fmt: skip

    @property
    def version(self) -> str:
        """Such as 15.6."""
        return self.run("postgres", "--version").split()[2]

    def rows(self, statement: str) -> pd.DataFrame:
        """Result of a query, as CSV carries it."""
        body = statement.strip().rstrip(";")
        return pd.read_csv(io.StringIO(self.sql(f"copy ({body}) to stdout with (format csv, header)")))

    def load(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
        """Copy tables of the warehouse."""
        self.sql("create schema staging; create schema marts")
        for name in tables:
            result = connection.execute(f"select * from {name}")
            columns = [
                f"{column[0]} {TYPES.get(str(column[1]), str(column[1]))}" for column in result.description
            ]
            content = result.df().to_csv(index=False)
            self.sql(
                f"create table {name} ({', '.join(columns)});\n"
                f"copy {name} from stdin with (format csv, header);\n{content}\\.\n"
            )


@contextmanager
def server(programs: Path) -> Iterator[Server]:
    """Start a server without network, in a folder that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    running = Server(programs, folder)
    if running.as_user:
        shutil.chown(folder, "postgres")
    folder.chmod(0o700)
    try:
        running.run("initdb", "-D", str(folder / "data"), "-A", "trust", "-E", "UTF8", "--locale=C")
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        running.run(
            "pg_ctl", "-D", str(folder / "data"), "-w", "-o", options, "-l", str(folder / "log"), "start"
        )
        try:
            yield running
        finally:
            running.run("pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
