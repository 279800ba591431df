"""Fuzzes the reader with damaged event files: it must not raise, hang or use much memory.

    python tests/fuzz/reading.py --inputs 1000000

Each input is a small event file with some bytes changed, removed, repeated or inserted. In most inputs the
checksums are corrected afterwards, so that the damage passes the framing and reaches the protocol buffers,
the row tables and the records. One input in sixteen is also judged, which takes ten times as long. A process
may use 2 GiB of memory, an input may take 10 seconds.
"""

import argparse
import multiprocessing
import os
import random
import resource
import signal
import struct
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import google_crc32c

from tb_gradhealth.events import EventFile, RunReader
from tb_gradhealth.health import RunHealth

CORPUS = Path(__file__).parent / "corpus"
MEMORY = 2 << 30
MAX_SECONDS = 10
JUDGE_EVERY = 16
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)


def masked(content: bytes) -> bytes:
    """The masked checksum of a part of a record."""
    crc = google_crc32c.value(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def framed(payload: bytes) -> bytes:
    """A payload as a record with correct checksums."""
    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


def payloads(content: bytes) -> list[bytes]:
    """The payloads of a whole event file."""
    listed, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        listed.append(content[at + 12 : at + 12 + length])
        at += 16 + length
    return listed


def changed(content: bytes, chance: random.Random) -> bytes:
    """Bytes damaged at one to four offsets."""
    work = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(work) + 1)
        size = min(chance.choice((1, 1, 1, 2, 4, 8, 64)), len(work) - at)
        match chance.randrange(5):
            case 0 if size:
                work[at] ^= 1 << chance.randrange(8)
            case 1:
                work[at : at + size] = bytes(chance.choice(INTERESTING) for _ in range(size))
            case 2:
                del work[at : at + size]
            case 3:
                work[at:at] = work[at : at + size]
            case _:
                work[at:at] = chance.randbytes(size)
    return bytes(work)


def broken(corpus: Sequence[bytes], chance: random.Random) -> bytes:
    """A random input."""
    whole = chance.choice(corpus)
    if chance.random() < 0.2:
        return changed(whole, chance)
    parts = payloads(whole)
    if chance.random() < 0.3:
        parts += payloads(chance.choice(corpus))
    if chance.random() < 0.2:
        chance.shuffle(parts)
    index = chance.randrange(len(parts))
    parts[index] = changed(parts[index], chance)
    return b"".join(framed(part) for part in parts)


def read(path: str, content: bytes, judged: bool) -> None:
    """Read one input and optionally judge it, which must not raise."""
    Path(path).write_bytes(content)
    reader, health = RunReader(), RunHealth()
    for item in reader.read([EventFile(path, "run/tfevents", recorder=True)]):
        if judged:
            health.observe(item)
    reader.problems()
    reader.unfinished()
    health.verdict()


def work(seed: int, inputs: int, counter: Any) -> None:
    """Read random inputs; an input that fails is saved."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chance = random.Random(seed)
    corpus = [file.read_bytes() for file in sorted(CORPUS.iterdir())]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "tfevents")
        for number in range(inputs):
            content = broken(corpus, chance)
            signal.alarm(MAX_SECONDS)
            try:
                read(path, content, judged=number % JUDGE_EVERY == 0)
            except BaseException:
                saved = Path(tempfile.gettempdir(), f"fuzz-{seed}-{number}.tfevents")
                saved.write_bytes(content)
                print(f"\n{saved} breaks the reader", flush=True)
                raise
            signal.alarm(0)
            if number % 100 == 99:
                with counter.get_lock():
                    counter.value += 100


def main() -> None:
    """Run on all cores and print the progress."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="how many (default: a million)")
    parser.add_argument("--seed", type=int, default=0, help="of the first process (default: 0)")
    given = parser.parse_args()
    cores = os.cpu_count() or 1
    counter = multiprocessing.Value("q", 0)
    share = -(-given.inputs // cores)
    processes = [
        multiprocessing.Process(target=work, args=(given.seed + core, share, counter))
        for core in range(cores)
    ]
    begin = time.monotonic()
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        processes[0].join(5)
        rate = counter.value / (time.monotonic() - begin)
        print(f"\r{counter.value:,} of {given.inputs:,} inputs, {rate:,.0f} a second", end="", flush=True)
    failed = sum(process.exitcode != 0 for process in processes)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\n{failed} of {cores} processes failed; largest resident size {peak:,.0f} MiB")
    raise SystemExit(bool(failed))


if __name__ == "__main__":
    main()
