"""Whoever passes cd38rd on knows under which licences its libraries are."""

from doc_licences import FREE, PAGE, libraries, licence_of, page


def test_the_page_names_every_library_and_its_licence():
    assert PAGE.read_text("utf-8") == page(), "run: python tests/doc_licences.py"


def test_every_library_may_be_used_and_passed_on_freely():
    assert len(libraries()) > 40
    assert {name: licence_of(name) for name in libraries() if not FREE.search(licence_of(name))} == {}
    assert {name for name in libraries() if "GPL" in licence_of(name)} == set()
