"""A controller that follows the phrases, on its way to the output."""

from __future__ import annotations

import pytest

from bachd.music.message import control_change, program_change
from bachd.music.performance.phrase_controller import LOW, PhraseController
from tests.fakes import RecordingOutput, steps
from tests.realtime.performing import play
from tests.realtime.test_change import change

MUSIC = steps("C4:4 D4:4 E4:4 F4:4")


def sent(output: RecordingOutput, number: int = 11) -> list[tuple[float, int]]:
    """The moments and values of a controller, from the first message on."""
    begun = output.messages[0].due
    kinds = [timed for timed in output.messages if timed.message.type == "control_change"]
    return [(round(timed.due - begun, 3), timed.message.value) for timed in kinds if timed.message.control == number]


def test_it_is_sent_with_the_notes_in_order_and_reset_at_the_end() -> None:
    output = play(MUSIC, phrase_controller=PhraseController(11, [0])).output
    found = sent(output)
    assert found[0] == (0.0, LOW)
    assert found[-1] == (8.0, 127)
    assert max(value for _, value in found[:-1]) == 127
    dues = [timed.due for timed in output.messages]
    assert dues == sorted(dues)
    assert len(found) > 32


def test_a_halt_resets_it_at_once_and_sends_nothing_twice() -> None:
    output = play(MUSIC, stop=1.0, phrase_controller=PhraseController(11, [0])).output
    assert sent(output)[-1] == (0.9, 127)
    assert len(sent(output)) < 12


def changed(after: PhraseController | None) -> RecordingOutput:
    """Play two bars with a controller, and then with another one."""
    output, _ = change(MUSIC, at=2, before={"phrase_controller": PhraseController(11, [0])}, phrase_controller=after)
    return output


def test_the_same_one_goes_on_where_it_was() -> None:
    alone = play(MUSIC, phrase_controller=PhraseController(11, [0])).output
    assert sent(changed(PhraseController(11, [0]))) == sent(alone)


@pytest.mark.parametrize("after", [None, PhraseController(74, [0]), PhraseController(11, [0, 1])])
def test_another_one_or_none_resets_the_one_before(after: PhraseController | None) -> None:
    output = changed(after)
    assert (4.0, 127) in sent(output)
    assert bool(sent(output, 74)) == (after is not None and after.number == 74)
    assert any(moment > 4.0 for moment, _ in sent(output)) == (after is not None and after.number == 11)


def test_another_output_gets_its_value_and_the_old_one_is_reset() -> None:
    first, second = PhraseController(11, [0]), PhraseController(11, [0])
    before, after = change(MUSIC, at=1, elsewhere=True, before={"phrase_controller": first}, phrase_controller=second)
    assert sent(before)[-1] == (2.0, 127)
    assert sent(after)[0] == (0.0, LOW + 47)
    assert sent(after)[-1] == (6.0, 127)


def test_a_controller_that_does_not_change_comes_after_the_sound_is_chosen() -> None:
    patches = [[control_change(0, 0, 5), program_change(0, 7)]]
    output = play(MUSIC[:1], patches=patches, phrase_controller=PhraseController(11, [0])).output
    kinds = [timed.message.type for timed in output.messages if timed.message.type.endswith(("change", "on"))]
    assert kinds[:4] == ["control_change", "program_change", "control_change", "note_on"]
