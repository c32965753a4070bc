"""Packages for pip to find in the sample's environments, where no index can be reached. They have the names and versions of real ones,
and nothing in them."""

import pathlib
import zipfile

wheels = pathlib.Path("/wheels")
wheels.mkdir()
for name, version in ("docutils", "0.20.1"), ("docutils", "0.21.2"), ("roman", "4.2"):
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f'__version__ = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: samples\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(wheels / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
