#!/usr/bin/env bash
# Guess:   a program may make IPython's shell, run cells in it, reset its names, and go on as before: the shell's names
#          are its own, and `__main__` is still the program.
# Truth:   `InteractiveShell` puts a module of its own into `sys.modules["__main__"]`, and `reset()` clears that module
#          with `__spec__`, which every module has. Then `multiprocessing` starts no process by spawn or forkserver:
#          AttributeError, "has no attribute '__spec__'", far from any line that names IPython. One line heals it:
#          `vars(sys.modules["__main__"]).setdefault("__spec__", None)`.
# Version: IPython 9.18.1, Python 3.11.
# Source:  IPython/core/interactiveshell.py (`init_sys_modules`, `reset`); multiprocessing/spawn.py
#          (`get_preparation_data` reads `main_module.__spec__`).
# Why:     a test or a build that runs notebooks in its own process breaks what starts processes later, and only in
#          that order: alone, each of the two is right.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check ipython==9.18.1
cat >"$folder/program.py" <<'PY'
import multiprocessing
import sys

from IPython.core.interactiveshell import InteractiveShell


def spawned():
    try:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.map(abs, [-9])[0]
    except AttributeError as error:
        return str(error)


if __name__ == "__main__":
    own = sys.modules["__main__"]
    shell = InteractiveShell.instance()
    replaced, made = sys.modules["__main__"] is not own, spawned()
    print("main module replaced:", replaced, "| a process with the shell:", made)
    shell.reset()
    reset = spawned()
    print("after its reset:", reset)
    vars(sys.modules["__main__"]).setdefault("__spec__", None)
    healed = spawned()
    print("with a spec again:", healed)
    assert replaced and made == healed == 9, "the shell alone breaks it, or the spec does not heal it"
    assert "__spec__" in str(reset), "a reset does no harm now"
PY
cd "$folder" && env/bin/python program.py
