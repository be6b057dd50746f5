"""Names of files stay out of results: each is called by the row that names it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from helpers.builders import good_study
from pipeline.study.file_labels import ANOTHER_FILE, FileLabels, labels_of_sample, labels_of_study
from pipeline.study.sheets.reading import read_study

_NAMES = st.text("abcXYZ0189 ._-äß()+", min_size=3, max_size=20).filter(lambda name: name.strip(" .") == name)


def test_each_file_of_a_row_has_a_label_of_its_own_that_keeps_what_kind_of_file_it_is(tmp_path: Path) -> None:
    study, faults = read_study(good_study(tmp_path))
    assert study is not None, faults
    sample = study.samples[0]
    labels = labels_of_sample(study.folder, sample)
    assert labels.of(sample.fcs_file) == f"{sample.sample_id}.fcs"
    assert labels.of(sample.fmo_file) == f"{sample.sample_id} FMO.fcs"
    every = labels_of_study(study).labels
    assert len(set(every.values())) == len(every)
    assert every[study.bead_runs[0].fcs_file] == f"{study.bead_runs[0].name} beads.fcs"


def test_a_data_set_of_a_file_keeps_its_number() -> None:
    from dataclasses import replace

    from pipeline.study.study import Sample

    sample = Sample("S1", "P1", None, "Meier.LMD#2", "MM", "B")  # type: ignore[arg-type]
    assert labels_of_sample(Path("s"), sample).of("Meier.LMD#2") == "S1.lmd#2"
    assert labels_of_sample(Path("s"), replace(sample, fcs_file="Meier")).of("Meier") == "S1"


def test_a_name_that_two_folders_have_is_said_without_saying_which() -> None:
    labels = FileLabels(Path("s"), {"a/Tube 1.fcs": "S1.fcs", "b/Tube 1.fcs": "S2.fcs"})
    assert labels.in_text("Tube 1.fcs: cut short") == f"{ANOTHER_FILE}: cut short"
    assert labels.in_text("b/Tube 1.fcs: cut short; b\\Tube 1.fcs") == "S2.fcs: cut short; S2.fcs"


def test_a_name_within_another_word_is_no_name_of_a_file() -> None:
    labels = FileLabels(Path("s"), {"bead": "B1", "a.fcs": "S1.fcs"})
    assert labels.in_text("beads of data.fcs, a.fcs2 and bead") == "beads of data.fcs, a.fcs2 and B1"


def test_the_study_folder_is_left_out_of_a_text() -> None:
    labels = FileLabels(Path("/home/anna/Meier"), {"x/Meier.fcs": "S1.fcs"})
    assert labels.in_text("/home/anna/Meier/x/Meier.fcs: no such file") == "S1.fcs: no such file"


def test_a_folder_that_is_called_like_a_word_takes_no_word_out_of_a_sentence() -> None:
    labels = FileLabels(Path("study"), {"x/Meier.fcs": "S1.fcs"})
    assert (
        labels.in_text("study/x/Meier.fcs: the matrix of the study")
        == "study/S1.fcs: the matrix of the study"
    )


@given(_NAMES, _NAMES, st.sampled_from([": cut short", " and another", "'", ";"]))
def test_no_text_keeps_the_name_of_a_file_or_of_its_folder(folder: str, name: str, after: str) -> None:
    labels = FileLabels(Path("/s"), {f"{folder}/{name}": "LABEL"})
    for spoken in (f"{folder}/{name}", name, f"/s/{folder}/{name}", f"{folder}\\{name}"):
        assert labels.in_text(f"found {spoken}{after}") == f"found LABEL{after}"
