"""Runs `cd38rd` with one module's source changed: `with_edited_source.py MODULE OLD NEW COMMAND...`.

The file on disk stays as it is. So a test shows that an edit of this one file is all that something takes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


class EditingLoader(SourceFileLoader):
    """Imports a module whose source holds `new` in place of `old`."""

    def __init__(self, fullname: str, path: str, old: str, new: str) -> None:
        super().__init__(fullname, path)
        self._old, self._new = old, new

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path).decode("utf-8")
        assert source.count(self._old) == 1, (
            f"{self._old!r} stands {source.count(self._old)} times in {fullname}"
        )
        return compile(source.replace(self._old, self._new), self.path, "exec", dont_inherit=True)


class EditingFinder(MetaPathFinder):
    """Finds the one module that is edited."""

    def __init__(self, module: str, old: str, new: str) -> None:
        self._module, self._edit = module, (old, new)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname == self._module else None
        if spec is not None:
            assert spec.origin is not None, fullname
            spec.loader = EditingLoader(fullname, spec.origin, *self._edit)
        return spec


if __name__ == "__main__":
    module, old, new, *command = sys.argv[1:]
    sys.meta_path.insert(0, EditingFinder(module, old, new))
    from pipeline.cli import main

    main(command)
