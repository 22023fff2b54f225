"""Ripieno: an ensemble of agents that composes and edits multi-track music with you.

`from ripieno import Studio` is the Python face; the import is lazy, so that `import ripieno` costs nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ripieno.agents.state import Overrides
    from ripieno.app.exports import ExportOrder
    from ripieno.app.project import Asked, Project, Turn
    from ripieno.app.studio import Composition, Studio

__version__ = "0.1.0"
__all__ = ["Asked", "Composition", "ExportOrder", "Overrides", "Project", "Studio", "Turn", "__version__"]


def __getattr__(name: str) -> Any:
    if name in ("Composition", "Studio"):
        from ripieno.app import studio

        return getattr(studio, name)
    if name in ("Asked", "Project", "Turn"):
        from ripieno.app import project

        return getattr(project, name)
    if name == "ExportOrder":
        from ripieno.app.exports import ExportOrder

        return ExportOrder
    if name == "Overrides":
        from ripieno.agents.state import Overrides

        return Overrides
    raise AttributeError(f"module 'ripieno' has no attribute {name!r}")
