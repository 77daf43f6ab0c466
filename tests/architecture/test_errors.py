"""Every error of the tree is raised by something."""

import ast
from pathlib import Path

import pytest

import opensirt
from opensirt import errors
from opensirt.errors import OpenSirtError

ROOT = Path(opensirt.__file__).parent
CLASSES = [
    one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, OpenSirtError) and one is not OpenSirtError
]
NOT_YET: set[str] = set()
"""Of rooms that are not built."""


def constructed() -> set[str]:
    """Return the names of everything that is called in the package outside errors.py."""
    names = set()
    for path in ROOT.rglob("*.py"):
        if path.name == "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names.add(node.func.id)
    return names


@pytest.mark.parametrize("error", CLASSES, ids=lambda one: one.__name__)
def test_every_error_is_raised_somewhere(error: type[OpenSirtError]) -> None:
    assert (error.__name__ in constructed()) is (error.__name__ not in NOT_YET)


@pytest.mark.parametrize("error", CLASSES, ids=lambda one: one.__name__)
def test_the_tree_at_the_top_of_the_file_draws_it(error: type[OpenSirtError]) -> None:
    assert errors.__doc__ is not None
    assert error.__name__ in errors.__doc__


@pytest.mark.parametrize("error", CLASSES, ids=lambda one: one.__name__)
def test_every_error_has_a_test_that_sees_it(error: type[OpenSirtError]) -> None:
    if error.__name__ in NOT_YET:
        pytest.skip("raised by a room that is not built")
    tests = Path(__file__).parents[1]
    texts = [path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py")]
    seen = (f"raises({error.__name__}", f"raises(\n        {error.__name__}")
    assert any(one in text for text in texts for one in seen)


def test_nothing_is_caught_without_a_name_or_for_everything() -> None:
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, path
                caught = ast.unparse(node.type)
                assert caught not in ("Exception", "BaseException"), (path, caught)
