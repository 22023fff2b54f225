"""Builds the wheel, installs it in a clean environment, and imports every module of it from outside the checkout."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        subprocess.run([sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, str(ROOT)], check=True)
        wheel = next(work.glob("ripieno-*.whl"))
        names = zipfile.ZipFile(wheel).namelist()
        modules = sorted(
            n.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for n in names if n.endswith(".py")
        )
        stray = {n.split("/")[0] for n in names} - {"ripieno", wheel.name.split("-py3")[0] + ".dist-info"}
        if stray:
            sys.exit(f"the wheel puts {sorted(stray)} into everybody's site-packages")
        subprocess.run([sys.executable, "-m", "venv", str(work / "env")], check=True)
        pip = [str(work / "env" / "bin" / "pip"), "install", "-q", "-c", str(ROOT / "constraints.txt"), str(wheel)]
        subprocess.run(pip, check=True)
        code = "import importlib\n" + "\n".join(f"importlib.import_module({m!r})" for m in modules)
        subprocess.run([str(work / "env" / "bin" / "python"), "-c", code], check=True, cwd=folder)
        print(f"{wheel.name}: {len(modules)} modules import in a clean environment")


if __name__ == "__main__":
    main()
