"""Kills a writer of the store again and again: `python -m tests.iqrf_trio.store.killing DB N SEED`.

A child holds nothing but the store, and writes one network after the other, each with its number
in every row. It says the number when the write is acknowledged. At a random moment it is killed,
and whoever opens the database afterwards must find the last number said, or the one after it,
and that one whole.
"""

import os
import select
import signal
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

from iqrf_trio.store import devices, sensors, settings
from iqrf_trio.store.sqlite import Connection, connect, transact
from protocol.network.network import Device, Identity, Network, Product, Sensor

DEVICES = 40
LONGEST_S = 0.02
"""A write takes a millisecond or two, or more on a busy machine."""

MOST_WRITES = 3
"""What a child may have written before the moment comes is 0 to so many writes."""

OPENED = 0.8
"""How many of the kills come after the database is open; the others may hit the opening."""

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def network(number: int) -> Network:
    """A network in which everything says `number`: half of it cannot be taken for another one."""
    identity = Identity(number & 0xFFFF, number >> 16, 0x08D8, 0x0417)
    product = Product(identity, "4.06D", name=str(number))
    sensor = Sensor(0, 1, 0, str(number), "T", "°C", 4, (144, 224))
    return Network.of(
        Device(
            address,
            # Half of the modules go for good, the other half stay.
            0x8100_0000 + address + number * DEVICES * (address % 2),
            vrn=number,
            product=product,
            sensors=(sensor,),
            metadata={"number": number} if address % 2 else None,
        )
        for address in range(DEVICES)
    )


def write(connection: Connection, number: int) -> None:
    devices.save(connection, network(number))
    values = {(address, 0): number for address in range(DEVICES)}
    sensors.save_values(connection, values, BEGIN + timedelta(seconds=number))
    settings.save(connection, "number", number)


def found(connection: Connection) -> int:
    """The one number that everything says; raises AssertionError where there are several."""
    number = settings.get(connection, "number") or 0
    assert isinstance(number, int)
    stored = devices.load(connection)
    assert len(stored) == (DEVICES if number else 0)
    numbers = {
        said
        for device in stored
        for said in (
            device.vrn,
            *(int(sensor.name) for sensor in device.sensors),
            *(sensor.value for sensor in device.sensors),
            int(device.product.name) if device.product and device.product.name else None,
            *((device.metadata or {}).values() if device.address % 2 else ()),
        )
    }
    assert numbers <= {number}, f"{number} and {numbers} at once"
    return number


def keep_writing(path: Path, first: int, acknowledged: int) -> None:
    """Never returns."""
    with closing(connect(path)) as connection:
        os.write(acknowledged, (first - 1).to_bytes(4, "little"))
        for number in count(first):
            durable = number % 3 == 0
            transact(connection, lambda each: write(each, number), durable=durable)  # noqa: B023
            os.write(acknowledged, number.to_bytes(4, "little"))


def killed_at(path: Path, first: int, moment_s: float, *, said: int) -> int:
    """Let a child write from `first` on, kill it after `moment_s`; the last number it said.

    The time runs from when it has `said` so many numbers, however busy the machine is. The first
    is said when the database is open.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        keep_writing(path, first, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        heard = pipe.read(4 * said)
        select.select([], [], [], moment_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        heard += pipe.read()
    return int.from_bytes(heard[-4:], "little") if heard else first - 1


def main(path: Path, times: int, seed: int) -> None:
    random, last, writes = Random(seed), 0, 0
    for _ in range(times):
        moment_s, opened = random.uniform(0, LONGEST_S), random.random() < OPENED
        before = 1 + random.randint(0, MOST_WRITES) if opened else 0
        said = killed_at(path, last + 1, moment_s, said=before)
        writes += said - last
        with closing(connect(path, check=True)) as connection:
            there = found(connection)
        assert said <= there <= said + 1, f"{said} was acknowledged, {there} is there"
        last = there
    print(f"{times} kills, {writes} acknowledged writes, none lost, none half there")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
