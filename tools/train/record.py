"""Write the digests of the files under models/weights into models/manifest.yaml: ``python -m tools.train.record``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import click

MODELS = Path(__file__).resolve().parents[2] / "models"


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path, exists=True), default=MODELS / "manifest.yaml")
def main(manifest: Path) -> None:
    """Only entries whose file lies beside the manifest are touched; packages keep the digest that was reviewed."""
    text = manifest.read_text("utf-8")
    for name in re.findall(r"^    file: (weights/\S+)$", text, re.MULTILINE):
        path = manifest.parent / name
        if path.is_file():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            pattern = rf"(^    file: {re.escape(name)}\n    sha256: ).*$"
            text = re.sub(pattern, rf'\g<1>"{digest}"', text, flags=re.MULTILINE)
            click.echo(f"{name} {digest}")
    temporary = manifest.with_suffix(".new")
    temporary.write_text(text, "utf-8")
    temporary.replace(manifest)


if __name__ == "__main__":
    main()
