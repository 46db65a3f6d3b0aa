"""An event file as tensorboard itself writes it, for the tests of the trainer's event files.

Usage: python scripts/oracles/make_tensorboard_fixture.py Tests/Fixtures/logging
       python scripts/oracles/make_tensorboard_fixture.py --read FOLDER

The second form prints what tensorboard reads from a folder of event files, whoever wrote them.

Needs: Python 3.11, tensorboard 2.21.0, protobuf 7.36.
"""

import json
import math
import pathlib
import struct
import sys
import zlib

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import crc32c, masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1700000000.25


def png(width, height):
    """A picture of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([200, 30, 60]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def scalars(step, time, **values):
    summary = summary_pb2.Summary(
        value=[summary_pb2.Summary.Value(tag=tag.replace("__", "/"), simple_value=v) for tag, v in values.items()])
    return event_pb2.Event(wall_time=time, step=step, summary=summary)


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    picture = png(3, 2)
    image = summary_pb2.Summary.Image(height=2, width=3, colorspace=3, encoded_image_string=picture)
    events = [
        event_pb2.Event(wall_time=START, file_version="brain.Event:2"),
        event_pb2.Event(
            wall_time=START, step=201, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)),
        scalars(0, START + 0.5, loss=0.0),
        scalars(201, START + 1, loss__target=0.125, loss__Konrad=1 / 3, rate=1e-4),
        scalars(2**40, START + 2, loss=-2.5),
        event_pb2.Event(
            wall_time=START + 3, step=300,
            summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="preview/Konrad", image=image)])),
        scalars(301, START + 4, loss=math.inf),
    ]
    with open(folder / "events.bin", "wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString(deterministic=True))
    (folder / "picture.png").write_bytes(picture)
    texts = ["", "a", "123456789", "\0" * 32, "".join(map(chr, range(128)))]
    sums = [[text, crc32c(text.encode()), masked_crc32c(text.encode())] for text in texts]
    (folder / "crc32c.json").write_text(json.dumps(sums) + "\n")


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
    found.Reload()
    for tag in found.Tags()["scalars"]:
        print(tag, [(event.step, event.wall_time, event.value) for event in found.Scalars(tag)])
    for tag in found.Tags()["images"]:
        print(tag, [(event.step, event.width, event.height, len(event.encoded_image_string)) for event in found.Images(tag)])
    print("file version", found.file_version if hasattr(found, "file_version") else None)


if sys.argv[1] == "--read":
    read(pathlib.Path(sys.argv[2]))
else:
    write(pathlib.Path(sys.argv[1]))
