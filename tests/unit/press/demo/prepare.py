"""Writes what the pages load, as a pre-render script does."""

import json
from pathlib import Path

Path("numbers.json").write_text(json.dumps({"sessions": 1234}))
