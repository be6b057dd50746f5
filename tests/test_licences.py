"""Whoever passes cd38rd on knows under which licences its libraries are."""

from importlib.metadata import PackageNotFoundError, distribution

import pytest

from doc_licences import FREE, ONLY_ELSEWHERE, PAGE, libraries, licence_of, page


@pytest.fixture(autouse=True)
def _libraries_of_the_lock() -> None:
    """Skip, saying so, where other versions are installed: they need other libraries (`make test-lowest`)."""
    for name in set(libraries()) - set(ONLY_ELSEWHERE):
        try:
            distribution(name)
        except PackageNotFoundError:
            pytest.skip(f"{name} of the lock file is not installed here")


def test_the_page_names_every_library_and_its_licence():
    assert PAGE.read_text("utf-8") == page(), "run: python tests/doc_licences.py"


def test_every_library_may_be_used_and_passed_on_freely():
    assert len(libraries()) > 40
    assert {name: licence_of(name) for name in libraries() if not FREE.search(licence_of(name))} == {}
    assert {name for name in libraries() if "GPL" in licence_of(name)} == set()
