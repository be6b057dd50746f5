"""Whose recording a file is, and of what: copies, exchanged files, beads among tubes, cells among beads."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from pipeline.checks import check_folder, tube_findings
from pipeline.checks.identity.file_contents import is_like_beads, is_like_cells
from pipeline.checks.identity.glance import glance
from pipeline.checks.identity.shared_events import files_that_share_events, kept_events
from pipeline.fcs import read_fcs, write_fcs
from pipeline.simulate import simulate_study
from pipeline.study.faults import Fault

DAY = "fcs/2024-02-05"
NEUTRAL = "recording"
"""A tube's name that says nothing."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    """Three simulated patients, a stained tube and a control each, and a bead run."""
    folder = tmp_path_factory.mktemp("identity") / "base"
    return simulate_study(folder, patients=3, events=3000, seed=7, scenario="plain")


@pytest.fixture
def study(sound, tmp_path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "study"))


def tube(study: Path, name: str) -> Path:
    return study / DAY / f"{name}.fcs"


def rewrite(
    source: Path,
    target: Path,
    *,
    keywords: Mapping[str, str] | None = None,
    events: Callable[[np.ndarray], np.ndarray] = lambda values: values,
    markers: bool = True,
) -> None:
    """Write a file again: other keywords, other events, no markers; what it was made from is not named."""
    file = read_fcs(source)
    kept = {key: text for key, text in file.keywords.items() if key in KEPT or re.fullmatch(r"\$P\d+V", key)}
    values = np.stack([file.column(name) for name in file.channels])
    row = file.channels.index("Time")
    values[row] = file.raw("Time")
    named = file.markers if markers else [""] * len(file.channels)
    write_fcs(
        target,
        events(values).astype(np.float32),
        file.channels,
        markers=named,
        keywords={**kept, "TUBE NAME": NEUTRAL, **(keywords or {})},
    )


KEPT = {"$CYT", "$CYTSN", "$DATE", "$BTIM", "$ETIM", "$TIMESTEP", "$SPILLOVER"}


def edit(study: Path, sheet: str, row: int, **cells: str) -> None:
    path = study / f"{sheet}.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[row - 2] |= cells
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def faults(study: Path) -> list[Fault]:
    return list(check_folder(study)[1])


def lines(study: Path) -> list[str]:
    return [f"{fault.severity.value} {fault}" for fault in faults(study)]


def test_a_sound_study_has_nothing_to_report(sound):
    assert lines(sound) == []


@pytest.mark.parametrize(
    "events",
    [lambda values: values, lambda values: values[:, :1500], lambda values: values * np.float32(1)],
    ids=["under other keywords", "its first half", "byte for byte"],
)
def test_a_recording_of_two_patients_is_refused_with_both_cells(study, events):
    rewrite(tube(study, "P01_BM1"), tube(study, "P02_BM1"), keywords={"$DATE": "05-FEB-2024"}, events=events)
    (line,) = lines(study)
    assert line == (
        f'ERROR samples!D3: found "{DAY}/P02_BM1.fcs", the same recording as "{DAY}/P01_BM1.fcs" in samples!D2 '
        '(the stained tube of "P01_BM1", patient "P01"), expected a recording of its own for each tube. '
        "One of the two files was exported or copied under a wrong name."
    )


@pytest.mark.parametrize(
    ("events", "percent"),
    [
        (lambda values: np.concatenate([values, recorded_later(values)], axis=1), 50),
        (lambda values: np.concatenate([values, recorded_later(values)[:, ::3]], axis=1), 25),
        (lambda values: np.repeat(values, 3, axis=1), 67),
    ],
    ids=["joined with itself, time goes on", "joined with a part of itself", "each event three times"],
)
@pytest.mark.parametrize("name", ["P02_BM1", "P02_BM1_FMO"])
def test_a_file_that_holds_its_events_more_than_once_is_refused(study, events, percent, name):
    rewrite(tube(study, name), tube(study, name), events=events)
    (line,) = lines(study)
    share = int(
        re.search(r"(\d+)% of its events equal another of its events on every channel but time", line)[1]
    )
    assert share == pytest.approx(percent, abs=4)
    assert line.startswith("ERROR samples!")
    assert line.endswith(
        "The file was joined with itself or with a part of itself. Export the recording anew."
    )


def recorded_later(values: np.ndarray) -> np.ndarray:
    """Return the same events, recorded after the last one."""
    return np.vstack([values[:-1], values[-1:] + values[-1].max()])


def test_a_compensated_export_of_another_tube_is_told_by_its_scatter(study):
    def compensated(values: np.ndarray) -> np.ndarray:
        return np.vstack([values[:3], values[3:-1] * np.float32(0.9) - 5, values[-1:]])

    rewrite(tube(study, "P01_BM1"), tube(study, "P02_BM1"), events=compensated)
    assert "the same recording as" in lines(study)[0]


def gated(values: np.ndarray) -> np.ndarray:
    return values[:, values[0] > np.quantile(values[0], 0.4)]


def later(values: np.ndarray) -> np.ndarray:
    return values[:, 1_200:]


def turned(values: np.ndarray) -> np.ndarray:
    return values[:, ::-1]


def thinned(values: np.ndarray) -> np.ndarray:
    return values[:, np.random.default_rng(1).random(values.shape[1]) < 0.5]


PARTS = [gated, later, turned, thinned]


@pytest.mark.parametrize("part", PARTS)
def test_a_gated_export_or_a_part_of_another_patients_tube_is_that_recording(study, part):
    rewrite(tube(study, "P01_BM1"), tube(study, "P02_BM1"), events=part)
    (line,) = lines(study)
    assert 'samples!D3: found "fcs/2024-02-05/P02_BM1.fcs", the same recording as' in line


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_the_stained_tube_is_no_control(study, part):
    rewrite(tube(study, "P01_BM1"), tube(study, "P01_BM1_FMO"), events=part)
    assert any("samples!H2" in line and "the same recording as" in line for line in lines(study))


def test_two_different_parts_of_one_recording_are_told_too(study):
    source = tube(study, "P03_BM1")
    rewrite(source, tube(study, "P01_BM1"), events=gated)
    rewrite(source, tube(study, "P02_BM1"), events=thinned)
    assert any("samples!D3" in line and "the same recording as" in line for line in lines(study))


def test_values_too_coarse_to_tell_events_apart_are_no_recording(study):
    def coarse(values: np.ndarray) -> np.ndarray:
        return np.vstack([np.ceil(values[:3] / 4_000) * 4_000, values[3:]])

    for name in ("P01_BM1", "P02_BM1"):
        rewrite(tube(study, name), tube(study, name), events=coarse)
    assert not [line for line in lines(study) if "the same recording" in line]


def test_different_real_recordings_share_no_events(real_data):
    paths = [*(real_data / "beads" / "su2b").glob("*.fcs"), *(real_data / "marrow" / "vie14").glob("*.fcs")]
    kept = {path.name: kept_events(read_fcs(path, channels=())) for path in sorted(paths)}
    assert len([events for events in kept.values() if events.marks.size]) >= 5
    assert files_that_share_events(kept) == []


def test_a_recording_as_two_tubes_of_one_patient_is_a_warning_and_flags_both(study):
    edit(study, "samples", 3, patient_id="P01")
    shutil.copy(tube(study, "P01_BM1"), tube(study, "P02_BM1"))
    (line,) = [line for line in lines(study) if "samples!D3" in line]
    assert line.startswith("WARNING")
    assert line.endswith("It would count twice, as a replicate of itself.")
    typed, _ = check_folder(study)
    assert [row.flags for row in tube_findings(typed).values()] == [
        ("IDENTITY_DOUBTFUL",),
        ("IDENTITY_DOUBTFUL",),
        (),
    ]


def test_a_byte_copy_of_the_tube_is_no_control(study):
    shutil.copy(tube(study, "P01_BM1"), tube(study, "P01_BM1_FMO"))
    (line,) = lines(study)
    assert line.startswith(f'ERROR samples!H2: found "{DAY}/P01_BM1_FMO.fcs", the same recording as')
    assert line.endswith("expected a tube without the quantified antibody")


def test_the_stained_tube_of_another_patient_is_no_control(study):
    edit(study, "samples", 3, fmo_file=f"{DAY}/P01_BM1.fcs")
    (line,) = lines(study)
    assert line == (
        f'ERROR samples!H3: found "{DAY}/P01_BM1.fcs", which is the stained tube of "P01_BM1", patient "P01" too '
        "(samples!D2), expected a tube without the quantified antibody"
    )


@pytest.mark.parametrize("how", ["one file", "a copy"])
def test_a_control_that_two_patients_share_is_a_warning_with_both_cells_and_flags_both_rows(study, how):
    if how == "one file":
        edit(study, "samples", 3, fmo_file=f"{DAY}/P01_BM1_FMO.fcs")
    else:
        rewrite(tube(study, "P01_BM1_FMO"), tube(study, "P02_BM1_FMO"))
    (line,) = lines(study)
    assert line.startswith("WARNING samples!H3: found")
    assert (
        'which is the control in samples!H2 (patient "P01") too, expected the control of patient "P02"'
        in line
    )
    typed, _ = check_folder(study)
    found = tube_findings(typed)
    assert {name: row.flags for name, row in found.items()} == {
        "P01_BM1": ("IDENTITY_DOUBTFUL",), "P02_BM1": ("IDENTITY_DOUBTFUL",), "P03_BM1": (),
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("name", "flags"), [("FMO_of_the_day", ()), ("P01_BM1_FMO", ("IDENTITY_DOUBTFUL",))])
def test_a_control_of_the_day_is_said_once_and_flags_its_rows_only_where_it_carries_an_id(study, name, flags):
    tube(study, "P01_BM1_FMO").rename(tube(study, name))
    rewrite(tube(study, name), tube(study, name))
    for row in (2, 3, 4):
        edit(study, "samples", row, fmo_file=f"{DAY}/{name}.fcs")
    (line,) = lines(study)
    assert line == (
        f'WARNING samples!H3: found "{DAY}/{name}.fcs", the control of 3 patients, in samples!H2 to samples!H4, '
        "expected a control for each patient. If the patients share it, nothing needs to be done."
    )
    typed, _ = check_folder(study)
    assert {row.flags for row in tube_findings(typed).values()} == {flags}


@pytest.mark.parametrize("column", ["sample_id", "patient_id"])
def test_an_id_that_is_a_day_does_not_claim_the_files_of_that_day(study, column):
    edit(study, "samples", 2, **{column: "2024-02-05"})
    tube(study, "P02_BM1").rename(tube(study, "P02"))
    edit(study, "samples", 3, fcs_file=f"{DAY}/P02.fcs")
    assert [line for line in lines(study) if "whose name" in line] == []


def test_a_file_with_its_own_tube_in_the_name_is_not_anothers_whatever_else_it_names(study):
    edit(study, "samples", 2, patient_id="BM7")
    tube(study, "P02_BM1").rename(tube(study, "P02_BM1_BM7"))
    edit(study, "samples", 3, fcs_file=f"{DAY}/P02_BM1_BM7.fcs")
    assert [line for line in lines(study) if "whose name" in line] == []


def test_a_control_that_tubes_of_one_patient_share_is_all_right(study):
    edit(
        study,
        "samples",
        3,
        patient_id="P01",
        fcs_file=f"{DAY}/P01_b.fcs",
        fmo_file=f"{DAY}/P01_BM1_FMO.fcs",
        sample_id="P01_b",
    )
    rewrite(tube(study, "P02_BM1"), tube(study, "P01_b"))
    assert [line for line in lines(study) if "samples" in line] == []


def test_stained_tubes_of_two_patients_exchanged_in_the_sheet_are_named(study):
    edit(study, "samples", 2, fcs_file=f"{DAY}/P02_BM1.fcs")
    edit(study, "samples", 3, fcs_file=f"{DAY}/P01_BM1.fcs")
    first, second = lines(study)
    assert first == (
        f'WARNING samples!D2: found "{DAY}/P02_BM1.fcs", whose name has the tube "P02_BM1" of samples!A3, expected a '
        'file of "P01_BM1", patient "P01". Were two files exchanged, or one misnamed?'
    )
    assert second.startswith("WARNING samples!D3: ")
    assert 'the tube "P01_BM1" of samples!A2' in second


def test_files_exchanged_on_disk_are_told_by_the_tube_name_that_the_cytometer_wrote(study):
    one, two = tube(study, "P01_BM1"), tube(study, "P02_BM1")
    one.rename(study / "x")
    two.rename(one)
    (study / "x").rename(two)
    assert [line.split(",")[1] for line in lines(study)] == [
        ' whose keyword TUBE NAME has the tube "P02_BM1" of samples!A3',
        ' whose keyword TUBE NAME has the tube "P01_BM1" of samples!A2',
    ]


def test_a_file_named_after_another_patient_is_named(study):
    tube(study, "P01_BM1").rename(tube(study, "P02 left hip"))
    rewrite(tube(study, "P02 left hip"), tube(study, "P02 left hip"))
    edit(study, "samples", 2, fcs_file=f"{DAY}/P02 left hip.fcs")
    (line,) = lines(study)
    assert (
        'whose name has the patient "P02" of samples!B3, expected a file of "P01_BM1", patient "P01"' in line
    )


def test_plain_numbers_count_where_the_files_are_named_by_them(study):
    for row, name in enumerate(("P01_BM1", "P02_BM1", "P03_BM1"), start=2):
        number = f"10{row}"
        kept = {"fcs_file": f"{DAY}/{number}.fcs", "fmo_file": f"{DAY}/{number}_FMO.fcs"}
        for source, target in zip((name, f"{name}_FMO"), kept.values(), strict=True):
            rewrite(tube(study, source), study / target)
        edit(study, "samples", row, patient_id=number, sample_id=f"{number}_1", **kept)
    assert [line for line in lines(study) if "exchanged" in line] == []
    edit(study, "samples", 2, fmo_file=f"{DAY}/103_FMO.fcs")
    edit(study, "samples", 3, fmo_file=f"{DAY}/102_FMO.fcs")
    assert len([line for line in lines(study) if "exchanged" in line]) == 2


def test_a_control_of_another_patient_is_named(study):
    edit(study, "samples", 2, fmo_file=f"{DAY}/P02_BM1_FMO.fcs")
    edit(study, "samples", 3, fmo_file=f"{DAY}/P01_BM1_FMO.fcs")
    assert [line.split(":")[0] for line in lines(study)] == ["WARNING samples!H2", "WARNING samples!H3"]
    assert all("Were two files exchanged" in line for line in lines(study))


def test_a_plain_number_in_a_name_says_nothing_unless_the_files_are_named_by_numbers(study):
    for row, (number, name) in enumerate((("1", "P01_BM1"), ("12", "P02_BM1"), ("13", "P03_BM1")), start=2):
        tube(study, name).rename(study / DAY / f"tube_12_{name[2]}.fcs")
        tube(study, f"{name}_FMO").rename(study / DAY / f"fmo_12_{name[2]}.fcs")
        edit(
            study, "samples", row, patient_id=number, sample_id=f"{number}00",
            fcs_file=f"{DAY}/tube_12_{name[2]}.fcs", fmo_file=f"{DAY}/fmo_12_{name[2]}.fcs",
        )  # fmt: skip
    assert [line for line in lines(study) if "exchanged" in line] == []


def test_tube_and_control_in_each_others_place_are_refused(study):
    edit(study, "samples", 2, fcs_file=f"{DAY}/P01_BM1_FMO.fcs", fmo_file=f"{DAY}/P01_BM1.fcs")
    (line,) = lines(study)
    assert line.startswith(
        f'ERROR samples!D2: found "{DAY}/P01_BM1_FMO.fcs", exchanged with the control "{DAY}/P01_BM1.fcs" in samples!H2: '
        "of the tube, its name says FMO, the control alone names CD38 on PE-A and the control is "
    )


def test_tube_and_control_exchanged_on_disk_are_told_by_markers_and_light(study):
    one, two = tube(study, "P03_BM1"), tube(study, "P03_BM1_FMO")
    one.rename(study / "x")
    two.rename(one)
    (study / "x").rename(two)
    (line,) = lines(study)
    assert line.startswith(f'ERROR samples!D4: found "{DAY}/P03_BM1.fcs", exchanged with the control')


def test_light_alone_makes_an_exchange_a_question(study):
    for name, target in (("P03_BM1", "P03_c"), ("P03_BM1_FMO", "P03_a")):
        rewrite(tube(study, name), tube(study, target), markers=False)
        tube(study, name).unlink()
    edit(study, "samples", 4, fcs_file=f"{DAY}/P03_a.fcs", fmo_file=f"{DAY}/P03_c.fcs")
    (line,) = lines(study)
    assert line.startswith(f'WARNING samples!D4: found "{DAY}/P03_a.fcs", perhaps exchanged with the control')
    assert "times as bright on PE-A" in line


def recorded_anew(values: np.ndarray) -> np.ndarray:
    """Return other events of the same kind, as a further recording of the vial has them."""
    rng = np.random.default_rng(5)
    other = values[:, rng.permutation(values.shape[1])]
    return other * (1 + 1e-3 * rng.standard_normal(other.shape))


@pytest.mark.parametrize(
    ("name", "start"),
    [("RCP-30 rainbow", "ERROR"), ("Tube_001", "WARNING")],
    ids=["named", "by its events alone"],
)
def test_beads_among_the_tubes_are_told_by_name_and_scatter(study, name, start):
    rewrite(
        tube(study, "QB_2024-02-05"),
        tube(study, "P01_BM1"),
        keywords={"TUBE NAME": name},
        events=recorded_anew,
    )
    (line,) = [line for line in lines(study) if "beads" in line]
    assert line.startswith(f'{start} samples!D2: found "{DAY}/P01_BM1.fcs"')
    assert "its scatter is as narrow as that of beads, expected a tube of cells" in line


def test_cells_whose_patient_is_called_qb_are_no_beads(study):
    edit(
        study,
        "samples",
        2,
        patient_id="QB12",
        sample_id="QB12_1",
        fcs_file=f"{DAY}/QB12_1.fcs",
        fmo_file=f"{DAY}/QB12_1_FMO.fcs",
    )
    rewrite(tube(study, "P01_BM1"), tube(study, "QB12_1"))
    rewrite(tube(study, "P01_BM1_FMO"), tube(study, "QB12_1_FMO"))
    assert [line for line in lines(study) if "beads" in line] == []


@pytest.mark.parametrize(
    ("file", "start"),
    [("P03_again", "ERROR"), ("QB_2024-02-05", "WARNING")],
    ids=["named after a patient", "named as beads"],
)
def test_cells_among_the_beads_are_told(study, file, start):
    rewrite(tube(study, "P03_BM1"), tube(study, file), events=recorded_anew)
    edit(study, "beads", 2, fcs_file=f"{DAY}/{file}.fcs")
    (line,) = [line for line in lines(study) if "beads!B2" in line]
    assert line.startswith(start)
    assert "its scatter is as wide as that of cells, expected a recording of beads" in line


def test_a_copy_of_a_tube_among_the_beads_names_the_tube(study):
    shutil.copy(tube(study, "P03_BM1"), tube(study, "QB_2024-02-05"))
    assert any(
        line.startswith("ERROR beads!B2: ") and '(the stained tube of "P03_BM1", patient "P03")' in line
        for line in lines(study)
    )


def test_one_recording_as_two_bead_runs_is_a_warning(study):
    shutil.copy(tube(study, "QB_2024-02-05"), tube(study, "QB_2"))
    text = (study / "beads.csv").read_text("utf-8").rstrip("\n")
    row = text.splitlines()[1].replace("QB_2024-02-05", "QB_2")
    (study / "beads.csv").write_text(f"{text}\n{row}\n", "utf-8")
    edit(study, "samples", 4, beads="QB_2")
    (line,) = lines(study)
    assert line.startswith(
        f'WARNING beads!B3: found "{DAY}/QB_2.fcs", the same recording as "{DAY}/QB_2024-02-05.fcs"'
    )


@pytest.mark.parametrize(
    ("kept", "hint"),
    [
        ((), "Every FCS file of the study folder is in a row."),
        (("P01_spare", "tube_7"), f'In no row yet: "{DAY}/P01_spare.fcs" and "{DAY}/tube_7.fcs".'),
        (("P03_BM1_full", "P02_BM1_full"), f'Did you mean "{DAY}/P03_BM1_full.fcs"?'),
        (("P02_BM3",), f'In no row yet: "{DAY}/P02_BM3.fcs".'),
    ],
)
def test_a_file_of_another_row_is_never_suggested(study, kept, hint):
    for name in kept:
        rewrite(tube(study, "P03_BM1"), tube(study, name))
    tube(study, "P03_BM1").unlink()
    (line,) = lines(study)
    assert line == (
        f'ERROR samples!D4: found "{DAY}/P03_BM1.fcs", which is not there, expected a file in the study folder. {hint}'
    )


@pytest.mark.real
def test_real_beads_look_like_beads_and_a_real_marrow_like_cells(real_data):
    names = [
        "dako/beads_2008-01-21",
        "dako/beads_2008-03-14",
        "rcp30/BMIN",
        "rcp30/B0001",
        "su2b/933731",
        "su2b/933741",
    ]
    for name in names:
        seen = glance(read_fcs(real_data / "beads" / f"{name}.fcs", channels=()))
        assert is_like_beads(seen), name
        assert not is_like_cells(seen), name
    marrow = glance(read_fcs(real_data / "marrow" / "vie14" / "494.fcs", channels=()))
    assert is_like_cells(marrow)
    assert not is_like_beads(marrow)
