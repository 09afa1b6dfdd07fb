"""Fetches the bundle from the npm registry: `python -m widgets.figure.plotlyjs`, once plotly has another version."""

from __future__ import annotations

import gzip
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

from plotly.offline import get_plotlyjs_version

from widgets.figure.plotlyjs import BUNDLE, FOLDER, NPM_FILE, NPM_PACKAGE


def main() -> None:
    """Fetch the bundle of the installed version.

    Raises:
        CalledProcessError: If npm cannot.
    """
    version = get_plotlyjs_version()
    with tempfile.TemporaryDirectory() as folder:
        pack = ["npm", "pack", f"{NPM_PACKAGE}@{version}", "--silent"]
        packed = subprocess.run(pack, cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(Path(folder) / packed.stdout.split()[-1]) as package:
            member = package.extractfile(f"package/{NPM_FILE}")
            assert member is not None
            BUNDLE.write_bytes(gzip.compress(member.read(), compresslevel=9, mtime=0))
    held = json.dumps({"package": NPM_PACKAGE, "version": version})
    (FOLDER / "version.json").write_text(f"{held}\n", encoding="utf-8")
    print(f"{BUNDLE.name}: {NPM_PACKAGE} {version}, {BUNDLE.stat().st_size // 1000} KB")


if __name__ == "__main__":
    main()
