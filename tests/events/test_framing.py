import io
import struct

import google_crc32c
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

from tb_gradhealth.events.framing import FOOTER, HEADER, MAX_LENGTH, decode

PAYLOADS = st.lists(st.binary(max_size=40), max_size=6)


def written(payloads):
    file = io.BytesIO()
    writer = RecordWriter(file)
    for payload in payloads:
        writer.write(payload)
    return file.getvalue()


def starts_of(payloads):
    starts = [0]
    for payload in payloads:
        starts.append(starts[-1] + HEADER + len(payload) + FOOTER)
    return starts


@given(PAYLOADS, st.integers(0, 2**40))
def test_records_of_tensorboard_are_decoded_with_their_offsets(payloads, offset):
    decoded = decode(written(payloads), offset)
    assert [frame.payload for frame in decoded.frames] == payloads
    assert [frame.offset - offset for frame in decoded.frames] == starts_of(payloads)[:-1]
    assert (decoded.faults, decoded.consumed, decoded.over) == ([], starts_of(payloads)[-1], False)


@given(PAYLOADS, st.data())
def test_any_division_into_pieces_gives_the_same_records(payloads, data):
    content, found, offset = written(payloads), [], 0
    while offset < len(content):
        decoded = decode(content[offset : offset + data.draw(st.integers(1, 80))], offset)
        if decoded.consumed == 0:
            decoded = decode(content[offset:], offset)
        found += decoded.frames
        offset += decoded.consumed
    assert [frame.payload for frame in found] == payloads


@pytest.mark.parametrize("length", range(len(written([b"one", b"", b"three"]))))
def test_an_incomplete_record_returns_its_required_length(length):
    payloads = [b"one", b"", b"three"]
    content, starts = written(payloads), starts_of(payloads)
    decoded = decode(content[:length], 0)
    whole = sum(start <= length for start in starts[1:])
    assert [frame.payload for frame in decoded.frames] == payloads[:whole]
    assert decoded.faults == []
    assert decoded.consumed == starts[whole]
    if length - starts[whole] >= HEADER:
        assert decoded.required == starts[whole + 1] - starts[whole]
    else:
        assert decoded.required == HEADER


@pytest.mark.parametrize("bit", range(8 * (HEADER + 5 + FOOTER)))
def test_any_flipped_bit_is_one_fault(bit):
    payloads = [b"first", b"middl", b"last."]
    content, middle = bytearray(written(payloads)), starts_of(payloads)[1]
    content[middle + bit // 8] ^= 1 << bit % 8
    decoded = decode(bytes(content), 0)
    in_length = bit < 8 * HEADER
    assert [frame.payload for frame in decoded.frames] == payloads[:1] + ([] if in_length else payloads[2:])
    assert [fault.offset for fault in decoded.faults] == [middle]
    assert decoded.over == in_length


def test_a_length_above_the_limit_ends_the_file():
    length = struct.pack("<Q", MAX_LENGTH + 1)
    content = written([b"fine"]) + length + struct.pack("<I", masked_crc32c(length)) + bytes(100)
    decoded = decode(content, 0)
    assert [frame.payload for frame in decoded.frames] == [b"fine"]
    assert decoded.over
    assert str(MAX_LENGTH + 1) in decoded.faults[0].message


def test_the_checksum_is_computed_in_c():
    assert google_crc32c.implementation == "c"
