"""A process that stores entries as fast as it can, and prints the index of the newest one that is durable."""

import itertools
import os
import sys
import threading
from pathlib import Path

from runtime.cluster.disk.files import Folder
from runtime.cluster.disk.store import open_store
from runtime.cluster.disk.writer import Writer
from runtime.raft.log import Entry, EntryKind
from runtime.raft.ready import Persist


def main() -> None:
    store, kept = open_store(Folder(Path(sys.argv[1])), "a", mark=lambda: os.urandom(8))
    told = threading.Semaphore(0)
    writer = Writer(store, told.release)
    begin = len(kept.entries)
    for number in itertools.count(1):
        index = begin + number
        entry = Entry(index=index, term=1, kind=EntryKind.COMMAND, content=b"%d" % index)
        writer.give(Persist(number=number, entries=(entry,)))
        if number % 3 == 0:
            told.acquire()
        print(begin + writer.durable(), flush=True)


if __name__ == "__main__":
    main()
