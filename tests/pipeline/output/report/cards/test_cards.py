"""Cards of tubes: the reason first, what holds for all said once, how the density comes about."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from calibration.density.receptor_density import RdStatus, ReceptorDensity
from gating.gates.steps import GateFlag, Step
from helpers.synthetic_result import changed
from pipeline.assembly.study_result import StudyResult
from pipeline.output.report import report_html
from pipeline.output.report.cards.calculation import arithmetic
from pipeline.output.report.cards.notes import Shared, shared_notes, tube_notes
from pipeline.output.report.cards.occupancy_words import HEADLINES, occupancy_pairs
from pipeline.output.result_tables import sample_notes
from pipeline.patients.pharmacokinetics.levels import DrugLevel
from pipeline.patients.receptor_occupancy.sentinel_reading import SentinelReading
from pipeline.patients.receptor_occupancy.theta import Theta, ThetaFrom
from pipeline.patients.receptor_occupancy.total import Total
from pipeline.patients.receptor_occupancy.tubes import TubeOccupancy
from pipeline.quantification.result import SampleResult, failure_reason

VOLTAGE = "tube and the control do not both give the voltage of PE-A: not compared"
AGE = "no time of day is known, so the age of the beads is in whole days: tube 2024-03-0{} by the column collected_on, beads 2024-03-01"


def card_of(html: str, name: str) -> tuple[str, str]:
    """Return the header and the body of a tube's card as words."""
    card = next(part for part in html.split('<details class="card"') if f"<h3>{name}</h3>" in part)
    head, body = card.partition("</summary>")[::2]
    return words(head), words(body)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def noted(study_result: StudyResult) -> StudyResult:
    results = tuple(
        replace(result, note=f"{VOLTAGE}; {AGE.format(k % 9 + 1)}; its own sentence {'ABCDEFGHIJKL'[k]}")
        if result.receptor.status is not RdStatus.FAILED
        else result
        for k, result in enumerate(study_result.results)
    )
    return changed(study_result, results=results)


def test_what_holds_for_every_tube_is_said_once_for_the_study(study_result: StudyResult):
    html = report_html(noted(study_result))
    tubes = words(html[html.index('id="tubes"') : html.index('id="beads"')])
    assert tubes.count(VOLTAGE) == 1
    assert tubes.count("the age of the beads is in whole days") == 1  # its days differ, its kind does not
    assert tubes.count("the others alike") == 1
    for k, result in enumerate(study_result.results):
        if result.receptor.status is not RdStatus.FAILED:
            assert f"its own sentence {'ABCDEFGHIJKL'[k]}" in card_of(html, result.sample_id)[1]


def test_a_note_that_one_tube_lacks_stays_in_the_cards(study_result: StudyResult):
    results = noted(study_result).results
    some = tuple(replace(r, note="another") if r.sample_id == "P01-S1" else r for r in results)
    shared = shared_notes(some, {}, "plasma cells")
    assert shared == Shared()
    assert VOLTAGE in tube_notes(some[1], None, "plasma cells", shared).notes


def test_of_one_tube_everything_stands_in_its_card(study_result: StudyResult):
    one = noted(study_result).results[:1]
    assert shared_notes(one, {}, "plasma cells") == Shared()


def test_a_flag_of_every_tube_is_explained_once_and_named_in_each_card(study_result: StudyResult):
    results = tuple(
        replace(result, flags=(*result.flags, GateFlag.NO_TIME)) for result in study_result.results
    )
    html = report_html(changed(study_result, results=results))
    _, body = card_of(html, "P06-S1")
    assert "NO_TIME as every tube" in body
    tubes = html[html.index('id="tubes"') : html.index('id="beads"')]
    assert words(tubes).count("A clog or a change of flow would not be seen") == 0
    assert '<li><a class="code" href="#flag-NO_TIME">' in tubes


def test_the_reason_of_a_failure_stands_first_and_its_other_notes_after_it(study_result: StudyResult):
    reason = "fcs/P11.fcs: DATA is 1,204 bytes shorter than $TOT says; export the file again."
    failed = SampleResult("P11-S1", ReceptorDensity(RdStatus.FAILED, 0, notes=(VOLTAGE,)), note=reason)
    results = tuple(failed if r.sample_id == "P11-S1" else r for r in study_result.results)
    head, body = card_of(report_html(changed(study_result, results=results)), "P11-S1")
    assert reason in head
    assert reason not in body
    assert VOLTAGE in body
    assert failure_reason(failed) == reason
    assert sample_notes(failed) == (reason, VOLTAGE)


def test_a_rejected_curve_is_the_first_that_is_said_of_its_tubes(study_result: StudyResult):
    why = "The standard curve is rejected: r² 0.91 (rejected below 0.98)"
    fine = study_result.results[2]
    lost = replace(fine, note=VOLTAGE, receptor=ReceptorDensity(RdStatus.NO_CURVE, 180, 900.0, notes=(why,)))
    assert sample_notes(lost)[:2] == (why, VOLTAGE)
    results = tuple(lost if r.sample_id == fine.sample_id else r for r in study_result.results)
    head, body = card_of(report_html(changed(study_result, results=results)), fine.sample_id)
    assert why in head
    assert VOLTAGE in body


def test_no_card_hides_notes_behind_a_count(study_result: StudyResult):
    assert not re.search(r"\d+ more notes", report_html(noted(study_result)))


@pytest.mark.slow
def test_the_reading_of_the_sentinels_stands_in_the_header_and_in_the_table(study_result: StudyResult):
    assert set(HEADLINES) == set(SentinelReading)
    for reading, headline in HEADLINES.items():
        results = tuple(replace(result, sentinel_reading=reading.value) for result in study_result.results)
        html = report_html(replace(study_result, results=results))
        assert headline in card_of(html, "P05-S1")[0]
        row = next(part for part in html.split("<tr data-status=")[1:] if ">P05-S1</a>" in part)
        assert f">{headline}</td>" in row.partition("</tr>")[0]


def dim(status: RdStatus, rd: float, plain: float) -> SampleResult:
    receptor = ReceptorDensity(
        status, 400, 512.0, 150.0, 1_270.2, 377.1, rd=rd, rd_low=rd / 2, rd_high=rd * 2, rd_plain=plain,
        rd_mfi_space=891.0, lloq=1_060.0, uloq=71_300.0,
    )  # fmt: skip
    return SampleResult("S1", receptor, background_kind="FMO")


def test_the_numbers_that_make_a_density_can_be_checked_by_hand():
    lines = dict(arithmetic(dim(RdStatus.BELOW_LLOQ, 836.0, 893.1)))
    assert lines["plain difference"] == "1,270 − 377 = 893"
    assert lines["RD"].startswith("836; the plain difference is 57.1 too high: ")
    assert lines["what counts"] == "< 1,060: RD lies below the LLOQ"
    assert lines["RD′"] == "891, subtracted as fluorescence: for comparison only"
    assert lines["limits (LLOQ, ULOQ)"] == "from 1,060 to 71,300"


@pytest.mark.parametrize(
    ("cells", "background"), [(1_270.5, 377.5), (1_269.6, 376.4), (90_003.4, 776.9), (99.5, 0.2)]
)
def test_the_difference_that_is_shown_is_that_of_the_numbers_that_are_shown(cells: float, background: float):
    shown = ReceptorDensity(
        RdStatus.OK, 400, 512.0, 150.0, cells, background, rd=cells, rd_plain=cells - background
    )
    line = dict(arithmetic(SampleResult("S1", shown)))["plain difference"]
    first, second, difference = (int(part.replace(",", "")) for part in re.split(" [−=] ", line))
    assert first - second == difference


def test_which_number_counts_is_said_for_every_status():
    bright = dict(arithmetic(dim(RdStatus.OK, 893.0, 893.1)))
    assert bright["RD, which counts"].startswith("893; the plain difference")
    beyond = ReceptorDensity(
        RdStatus.ABOVE_ULOQ, 400, 9e4, 150.0, 3e5, 377.0, rd_low=285_200.0, uloq=71_300.0
    )
    assert (
        dict(arithmetic(SampleResult("S1", beyond)))["what counts"] == "> 285,000: only this bound is known"
    )
    without = ReceptorDensity(RdStatus.NO_BACKGROUND, 400, 512.0, abc=1_270.0)
    assert [name for name, _ in arithmetic(SampleResult("S1", without))] == ["cells"]


def test_the_menu_marks_the_tubes_to_look_at_and_reaches_every_tube(study_result: StudyResult):
    html = report_html(study_result)
    menu = html[html.index("<nav") : html.index("</nav>")]
    n = len(study_result.results)
    assert {f"tube-{k}" for k in range(1, n + 1)} <= set(re.findall(r'href="#(tube-\d+)"', menu))
    marked = set(re.findall(r'class="marked" href="#(tube-\d+)"', menu))
    assert marked == {"tube-5", "tube-9", "tube-10", "tube-11"}
    assert menu.index("to look at, 4") < menu.index(f"all, {n}")
    assert menu.count('title="flagged"') == 2


def test_of_many_bead_runs_those_that_need_a_look_are_open(study_result: StudyResult):
    sound, warned = study_result.calibrations
    many = (*(replace(sound, bead_run=f"R{k}") for k in range(7)), warned)
    html = report_html(changed(study_result, calibrations=many))
    heads = re.findall(r'<details class="card" id="beads-\d+"( open)?>', html)
    assert heads == [""] * 7 + [" open"]
    few = report_html(study_result)
    assert re.findall(r'<details class="card" id="beads-\d+"( open)?>', few) == [" open", " open"]


def test_of_a_tube_that_could_not_be_read_no_number_of_cells_is_told(study_result: StudyResult):
    failed = next(r.sample_id for r in study_result.results if r.receptor.status is RdStatus.FAILED)
    page = report_html(study_result)
    row = next(row for row in page.split("<tr")[1:] if f">{failed}</a>" in row)
    assert '<td class="n wide">0</td>' not in row
    card = next(card for card in page.split("<details")[1:] if f"<h3>{failed}</h3>" in card)
    assert "0 cells" not in card


def test_rows_that_are_copied_say_what_was_extrapolated(study_result: StudyResult):
    flag = GateFlag.LOW_GATE_CONFIDENCE
    results = tuple(replace(one, flags=(*one.flags, flag)) for one in study_result.results)
    page = report_html(changed(study_result, results=results))
    assert 'data-text="Look at it, above the top bead LOW_GATE_CONFIDENCE' in page


@pytest.mark.parametrize(
    ("n_aberrant", "meaning"),
    [(600, "of the aberrant cells"), (None, "does not affect it")],
)
def test_a_doubtful_split_is_said_not_to_count_for_the_tube(
    study_result: StudyResult, n_aberrant: int | None, meaning: str
):
    tube = next(result for result in study_result.results if result.steps)
    last = tube.steps[-1]
    for confidence, n in ((0.4, 1), (0.6, 0)):
        split = replace(last, name=Step.ABERRANT, confidence=confidence, note="")
        doubtful = replace(tube, steps=(*tube.steps[:-1], split), n_aberrant=n_aberrant)
        notes = tube_notes(doubtful, None, "plasma cells", Shared()).of_gates
        said = [note for note in notes if "does not count in the gating confidence of the tube" in note]
        assert len(said) == n
        assert all(note.startswith("Aberrant: the 0.40 says") and meaning in note for note in said)


def test_an_occupancy_known_by_its_limits_alone_is_told_by_them():
    limits, known = Theta(None, 0.96, 1.0, reason="dim"), Theta(0.4, 0.3, 0.52)
    theta = replace(known, source=ThetaFrom.SENTINELS)
    told = dict(
        occupancy_pairs(
            dim(RdStatus.BELOW_LLOQ, 836.0, 893.1),
            TubeOccupancy(DrugLevel(), limits, known, theta, Total(), ""),
        )
    )
    assert told["θ by sentinels"] == "the drug occupies 96 to 100 %; dim"
    assert told["θ by the drug in serum"] == "the drug occupies 40 % (30 to 52 %)"
