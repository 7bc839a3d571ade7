"""From what a thread writes of its calls to a place in a plugin."""

from influxpe.plugin.protocol import Source
from influxpe.plugin.stack import FRAMES_MAX, Frame, frames_of, is_whole, place_of

TEXT = """Stack (most recent call first):
  File "/lib/time.py", line 5 in sleep
  File "/plugins/m\\xfcll.py", line 2 in wait
  File "/lib/functools.py", line 7 in __call__
  File "/plugins/m\\xfcll.py", line 4 in process_writes
  File "/server/invoke.py", line 45 in invoke
  File ???, line ??? in ???
  File "/lib/threading.py", line 1002 in _bootstrap
"""
SOURCE = Source("müll.py", "/plugins/müll.py", "def wait():\n    sleep(1)\n\n  each(wait)\n")


def test_the_innermost_call_of_the_plugin_is_the_place() -> None:
    place = place_of(frames_of(TEXT), SOURCE)
    assert place is not None
    assert place.text == "m\\xfcll.py line 2 in wait"
    assert place.traceback.splitlines() == [
        "Stack (most recent call last):",
        '  File "/plugins/m\\xfcll.py", line 4, in process_writes',
        "    each(wait)",
        '  File "/lib/functools.py", line 7, in __call__',
        '  File "/plugins/m\\xfcll.py", line 2, in wait',
        "    sleep(1)",
        '  File "/lib/time.py", line 5, in sleep',
    ]


def test_without_a_call_of_the_plugin_the_place_is_elsewhere() -> None:
    frames = [Frame("/lib/select.py", 9, "select"), Frame("/lib/threading.py", 1, "_bootstrap")]
    place = place_of(frames, SOURCE)
    assert place is not None
    assert place.text == "/lib/select.py line 9 in select"


def test_text_without_calls_is_no_place() -> None:
    assert (
        place_of(frames_of("Stack (most recent call first):\n  <no Python frame>\n"), SOURCE)
        is None
    )


def test_a_text_is_whole_with_the_first_call_or_after_a_hundred() -> None:
    assert is_whole(TEXT)
    deep = '  File "a.py", line 1 in deep\n' * FRAMES_MAX
    assert is_whole(deep)
    assert is_whole(f"{deep}  ...\n")
    assert not is_whole(deep[:-1])
    for cut in range(len(TEXT)):
        assert not is_whole(TEXT[:cut])
