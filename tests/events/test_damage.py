"""One small file, truncated at every byte and damaged at every bit."""

import struct

import numpy as np
import pytest
from run_log import RunLog

from tb_gradhealth.events import EventFile, RunReader
from tb_gradhealth.record import Epoch, Record, Row, RowTable, Steps

TABLE = RowTable(
    (Row("dense/kernel", "gradient", "dense", "kernel", 0, (8, 8)), Row("loss", "loss", "loss", "loss", 1)),
    columns=("rms", "mean", "nan_count"),
    watched=(0,),
)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """The file's version, a row table, three records, flight-recorder steps and an epoch."""
    with RunLog(tmp_path_factory.mktemp("whole"), TABLE) as log:
        for step in range(3):
            log.matrix(step, np.full([2, 3], step + 0.5, np.float32))
        log.steps(2, np.ones([3, 1]))
        log.epoch(2, loss=0.5)
        return log.file.read_bytes()


def begins(content):
    """The offset of each record of the file and of its end, from the lengths only."""
    places = [0]
    while places[-1] < len(content):
        (length,) = struct.unpack_from("<Q", content, places[-1])
        places.append(places[-1] + 12 + length + 4)
    return places


def read(path, content):
    """The readable contents, and the reader with its problems."""
    path.write_bytes(content)
    reader = RunReader()
    found = list(reader.read([EventFile(str(path), "run/tfevents", recorder=True)]))
    return [comparable(each) for each in found], reader


def comparable(each):
    if isinstance(each, Steps):
        return ("steps", each.last_step, each.values.tolist())
    if isinstance(each, Epoch):
        return ("epoch", each.step, dict(each.values))
    assert isinstance(each, Record)
    return ("record", each.step, each.values.tolist())


def test_a_truncated_file_gives_its_complete_records_and_then_the_rest(tmp_path, content):
    whole, _ = read(tmp_path / "whole", content)
    assert [kind for kind, *_ in whole] == ["record"] * 3 + ["steps", "epoch"]
    places = begins(content)
    for size in range(len(content)):
        found, reader = read(tmp_path / "cut", content[:size])
        complete = sum(place <= size for place in places[1:])
        assert found == whole[: max(complete - 2, 0)]  # after the version and the table
        assert reader.problems() == ()
        half = [] if size in places else [places[complete]]
        assert [problem.offset for problem in reader.unfinished()] == half


@pytest.mark.slow
def test_each_flipped_bit_is_reported_at_its_offset(tmp_path, content):
    whole, _ = read(tmp_path / "whole", content)
    places = begins(content)
    for bit in range(8 * len(content)):
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        hit = sum(place <= bit // 8 for place in places) - 1
        found, reader = read(tmp_path / "flipped", bytes(damaged))
        problems = reader.problems()
        (problem,) = [each for each in problems if "checksum" in each.message or "claims" in each.message]
        assert (problem.path, problem.offset) == ("run/tfevents", places[hit])
        if bit // 8 - places[hit] < 12:  # its length: the offset of the next record is unknown
            assert found == whole[: max(hit - 2, 0)]
        elif hit == 1:  # the table: its records cannot be read
            assert found == []
        else:
            lost = {hit - 2} if hit >= 2 else set()
            assert found == [each for place, each in enumerate(whole) if place not in lost]
            assert len(problems) == 1
