"""Writes what the pages load, as a pre-render script does."""

import json
import os
from pathlib import Path

Path("numbers.json").write_text(
    json.dumps({"sessions": 1234, "whole": os.environ.get("QUARTO_PROJECT_RENDER_ALL")})
)
