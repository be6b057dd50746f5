"""Every flag says what it means, its effect, its cause and what to do; a flag of another version says so too."""

from __future__ import annotations

import pytest

from pipeline.output.flag_words.all_flags import FLAGS, heaviest, words_of_flag
from pipeline.output.flag_words.entry import Weight
from pipeline.output.flag_words.of_beads import OF_BEADS
from pipeline.output.flag_words.of_files import OF_FILES
from pipeline.output.flag_words.of_gates import OF_GATES
from pipeline.output.flag_words.of_patients import OF_PATIENTS


def test_no_flag_has_words_in_two_lists():
    assert len(FLAGS) == sum(map(len, (OF_BEADS, OF_FILES, OF_GATES, OF_PATIENTS)))


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_every_flag_says_what_it_means_its_cause_and_what_to_do(flag: str):
    words = words_of_flag(flag)
    assert all((words.says, words.effect, words.cause, words.action))
    assert words.meaning.endswith((".", "?", "!", "…"))


def test_a_flag_of_another_version_asks_for_another_run():
    assert words_of_flag("NO_SUCH_FLAG").action == "run the study again"
    assert heaviest(["NO_SUCH_FLAG"]) is Weight.LOOK
    assert heaviest([]) is None
