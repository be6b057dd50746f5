"""What `inspect` shows: facts of the instrument, repairs, witnesses, and nothing of the patient."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from test_fcs_conformance import INTS, SOUND, two_data_sets
from test_fcs_contradictions import NAMED

from helpers.fcs_bytes import FcsBytes
from pipeline.fcs import NotFcsError, read_fcs
from pipeline.fcs.cross_check import cross_check, describe_witnesses
from pipeline.fcs.describe import describe_json, describe_lines

PERSON = "Muster-Erika-1950"
PRIVATE = ("$SRC", "$SMNO", "$FIL", "$OP", "$CELLS", "$COM", "$EXP", "$PROJ", "$INST", "PATIENT ID", "SAMPLE ID",
           "EXPERIMENT NAME", "TUBE NAME", "CASE NUMBER", "GUID", "EXPORT USER NAME")  # fmt: skip


def saved(tmp_path, content, name="tube.fcs"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_a_description_names_instrument_channels_and_repairs(tmp_path):
    keywords = {"$CYT": "Canto", "$CYTSN": "V96", "$DATE": "14-MAR-2019", "$P1N": "PE-A", "$P1S": "CD38", "$P1V": "450",
                "$SPILLOVER": "2,PE-A,C2,1,0.1,0,1", "$LOST": "0"}  # fmt: skip
    file = read_fcs(saved(tmp_path, FcsBytes(INTS, keywords=keywords, end_shift=1).build()))
    text = "\n".join(describe_lines(file))
    for expected in (
        "Canto",
        "V96",
        "2019-03-14",
        "PE-A",
        "CD38",
        "450",
        "$SPILLOVER",
        "one byte after",
        "events lost",
    ):
        assert expected in text
    facts = json.loads(json.dumps(describe_json(file)))
    assert facts["n_events"] == 11
    assert facts["channels"][0] == {
        "name": "PE-A", "marker": "CD38", "data_type": "I", "bits": 16, "voltage": 450.0, "gain": None,
        "decades": 0.0, "log_zero": 0.0, "scale_top": 1023.0,
    }  # fmt: skip
    assert facts["repairs"][0]["code"] == "DATA_END_OFF_BY_ONE"
    assert facts["spillover"]["channels"] == ["PE-A", "C2"]


def codes_in_the_package() -> set[str]:
    package = Path(__file__).parents[3] / "pipeline" / "fcs"
    sources = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    return set(re.findall(r'"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)"', sources))


def test_every_repair_is_in_the_table_of_the_page():
    page = (Path(__file__).parents[3] / "docs" / "fcs.md").read_text("utf-8")
    table = page[page.index("## Repairs") : page.index("## Sixty real files")]
    assert codes_in_the_package() >= {"TEXT_END_SHORT", "LATIN_1", "SPILL_DIFFERS"}
    assert codes_in_the_package() == set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`", table))


@pytest.mark.parametrize("name", NAMED)
def test_every_repair_is_shown(tmp_path, name):
    case = NAMED[name]()
    path = saved(tmp_path, case.content)
    shown = "\n".join(describe_lines(read_fcs(f"{path}{case.label}", channels=())))
    assert all(f"[{code}; found " in shown for code in case.codes)


def test_nothing_of_the_patient_is_shown(tmp_path):
    keywords = dict.fromkeys(PRIVATE, PERSON)
    content = FcsBytes(
        INTS, keywords={**keywords, "$SMNP": "another"}, supplement={"$SRC": PERSON + "b"}
    ).build()
    file = read_fcs(saved(tmp_path, content.replace(b"$SMNP", b"$SMNO")))
    shown = "\n".join(describe_lines(file)) + json.dumps(describe_json(file))
    assert {repair.code for repair in file.repairs} == {"KEYWORD_TWICE"}
    assert PERSON not in shown
    assert "Muster" not in shown


def test_several_data_sets_are_announced_with_the_default(tmp_path):
    text = "\n".join(describe_lines(read_fcs(saved(tmp_path, two_data_sets(), "tube.lmd"))))
    assert "2 in the file, number 1 is read; choose another as tube.lmd#2" in text


def test_witnesses_agree_on_a_sound_file(tmp_path):
    witnesses = cross_check(saved(tmp_path, SOUND["version_3.1"]().content))
    assert [witness.agreement for witness in witnesses] == ["agrees", "agrees"]
    assert all(channel.agrees for witness in witnesses for channel in witness.channels)
    assert "agrees on all 11 events of 2 channels" in describe_witnesses(witnesses)[0]


@pytest.mark.parametrize(
    ("name", "verdicts", "known"),
    [
        ("integers_of_16_bits_big_endian", ("agrees", "cannot read"), "big-endian"),
        ("integers_of_24_bits_little_endian", ("differs", "differs"), "8, 16 and 32 bits only"),
        ("mixed_types_of_fcs_3_2", ("cannot read", "cannot read"), "$PnDATATYPE"),
        ("ascii_of_fixed_width", ("cannot read", "cannot read"), "ASCII"),
        ("packed_integers_of_9_bits", ("differs", "differs"), "whole bytes"),
        ("text_wrong_and_header_right", ("cannot read", "agrees"), "offsets in TEXT"),
    ],
)
def test_a_witness_that_differs_is_explained(tmp_path, name, verdicts, known):
    witnesses = cross_check(saved(tmp_path, SOUND[name]().content))
    assert tuple(witness.agreement for witness in witnesses) == verdicts
    assert known in "\n".join(describe_witnesses(witnesses))


@pytest.mark.parametrize(
    ("name", "flowio", "fcsparser"),
    [
        ("type_F_big_endian", "agrees", "big-endian"),
        ("integers_of_24_bits_little_endian", "8, 16 and 32 bits only", "whole bytes"),
        ("integers_of_24_bits_big_endian", "8, 16 and 32 bits only", "big-endian"),
        ("mixed_types_of_fcs_3_2", "$PnDATATYPE", "$PnDATATYPE"),
    ],
)
def test_our_values_stand_beside_those_of_the_witnesses_by_channel(tmp_path, name, flowio, fcsparser):
    case = SOUND[name]()
    witnesses = cross_check(saved(tmp_path, case.content))
    lines = describe_witnesses(witnesses)
    head = next(line for line in lines if line.startswith("sum of stored values"))
    assert "FlowIO" in head
    assert "fcsparser" in head
    for number, channel in enumerate(witnesses[0].channels):
        ours = sum(row[number] for row in case.stored)
        assert channel.our_sum == pytest.approx(ours, rel=1e-12)
        assert any(line.startswith(channel.channel) and f"{channel.our_sum:.10g}" in line for line in lines)
    for witness, known in zip(witnesses, (flowio, fcsparser), strict=True):
        assert known in " ".join((witness.agreement, *witness.explanations))


def test_a_file_that_we_cannot_read_has_no_witness(tmp_path):
    with pytest.raises(NotFcsError):
        cross_check(saved(tmp_path, b"no FCS"))
