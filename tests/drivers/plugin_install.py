"""Installs plug-in packages into a folder of their own, by pip and without any network."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

EXAMPLE = Path(__file__).parent / "plugin_package"


def wheel_of(package: Path, folder: Path) -> Path:
    """The wheel that the package's build backend would make, of what its pyproject.toml says."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    name, version = project["name"].replace("-", "_"), project["version"]
    wheel, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    points = "".join(f"{key} = {value}\n" for key, value in project["entry-points"]["voltscan.drivers"].items())
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in sorted(package.glob("*/*.py")):
            packed.write(file, file.relative_to(package))
        packed.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {version}\n")
        packed.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        packed.writestr(f"{info}/entry_points.txt", f"[voltscan.drivers]\n{points}")
        packed.writestr(f"{info}/RECORD", "")
    return wheel


def install(target: Path, *wheels: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*pip, "--disable-pip-version-check", "--target", target, *wheels], check=True)


def write_package(folder: Path, *, kind: str, code: str) -> Path:
    """A package `voltscan-<kind>` with that code, ready for `wheel_of`."""
    module = f"voltscan_{kind}_of_a_test"
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").write_text(code)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "voltscan-{kind}"\nversion = "1.2"\n\n'
        f'[project.entry-points."voltscan.drivers"]\n{kind} = "{module}:PLUGIN"\n'
    )
    return folder
