"""Which software this is, as packets and heartbeats name it: version, and the lock of what it was tested with.

The version alone does not say which detector runtime or video decoder stood behind an act. The lock names each package
by version and digest, so its own digest names them all. It says what the release was tested with; what somebody
installed by other means than the lock is not in it.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

DIGITS = 12
"""Of the lock's SHA-256: enough to tell locks apart (16**12), short enough to be read out on the telephone."""
IN_A_WHEEL = Path(__file__).with_name("run_lock_sha256.txt")
"""Written by the build (tools/packaging/giaolo_build.py): the 64 digits, as a wheel has no requirements/."""
IN_A_CHECKOUT = Path(__file__).resolve().parents[1] / "requirements" / "run.txt"


def described(version: str, digest_file: Path, lock_file: Path) -> str:
    """`giaolo` with `version` and the first digits of the lock's SHA-256, from the first of the files that is there.

    `giaolo 0.2.0+1a2b3c4d5e6f`; `giaolo 0.2.0` where no lock is known.
    """
    if digest_file.is_file():
        digest = digest_file.read_text("ascii").strip()
    elif lock_file.is_file():
        digest = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    else:
        return f"giaolo {version}"
    return f"giaolo {version}+{digest[:DIGITS]}"


SOFTWARE = described(metadata.version("giaolo"), IN_A_WHEEL, IN_A_CHECKOUT)
"""As this process was started: what is installed under a running box later does not change it. A packet takes 64."""
