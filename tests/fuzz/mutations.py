"""Bytes that were good once.

Law: what Hypothesis draws decides everything, so a case that fails is found again and shrinks.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, originals: Sequence[bytes], tokens: Sequence[bytes], most: int) -> bytes:
    """One of `originals` after some edits, each of a kind that slips, disks and clever people make.

    tokens: what may be put in. most: bytes that the outcome has at most.
    """
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.one_of(st.integers(0, 8), st.integers(0, 2000))))
        match draw(st.integers(0, 6)):
            case 0:
                data[at:end] = b""
            case 1:
                data[at:at] = draw(st.sampled_from(tokens)) * draw(st.sampled_from((1, 1, 1, 2, 100)))
            case 2:
                data[at:at] = draw(st.binary(max_size=12))
            case 3:
                data[at:end] = draw(st.sampled_from(tokens))
            case 4:
                data[at:at] = data[at:end] * draw(st.integers(1, 40))
            case 5:
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case _:
                del data[at:]
    return bytes(data[:most])
