"""Networks made up of few modules and addresses, so that they meet again in every way."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from protocol.network.network import Device, Identity, Network, Product, Sensor

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)

_TIMES = st.integers(0, 10**9).map(lambda ms: AT + timedelta(milliseconds=ms))
_DATA_BLOCKS = st.lists(st.integers(0, 255), max_size=4).map(tuple)
VALUES = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**31), 2**32 - 1)
    | _DATA_BLOCKS
)
METADATA = st.none() | st.dictionaries(
    st.text(max_size=3),
    st.integers(0, 5) | st.none() | st.lists(st.text(max_size=2), max_size=2),
    max_size=2,
)
_PRODUCTS = st.builds(Identity, st.integers(0, 1), st.just(6), st.just(0x08D8), st.just(0x0417))


def _product(identity: Identity, catalogue: str | None) -> Product:
    return Product(identity, "4.06D", catalogue, catalogue and f"product {identity.hwpid}")


def _sensor(draw: st.DrawFn, index: int) -> Sensor:
    type_ = draw(st.sampled_from([1, 2, 192]))
    value = draw(st.none() | VALUES)
    return Sensor(
        index=index,
        type=type_,
        type_index=draw(st.integers(0, 2)),
        name=draw(st.sampled_from(["Temperature", "Potentiometer"])),
        short_name="T",
        unit=draw(st.sampled_from([None, "°C"])),
        decimals=4,
        frcs=draw(st.sampled_from([(), (144, 224)])),
        value=value,
        updated=None if value is None else draw(_TIMES),
        scale=draw(st.sampled_from([1.0, 100 / 127])),
    )


@st.composite
def _devices(draw: st.DrawFn, address: int, mid: int, catalogue: str | None) -> Device:
    identity = draw(st.none() | _PRODUCTS)
    return Device(
        address=address,
        mid=mid,
        discovered=draw(st.booleans()),
        vrn=draw(st.integers(0, 2)),
        zone=draw(st.integers(0, 1)),
        parent=draw(st.none() | st.just(0)),
        product=None if identity is None else _product(identity, catalogue),
        responding=draw(st.booleans()),
        standards_known=draw(st.booleans()),
        sensors=tuple(_sensor(draw, index) for index in range(draw(st.integers(0, 3)))),
        binary_outputs=draw(st.integers(0, 2)),
        light=draw(st.booleans()),
        metadata=draw(METADATA),
    )


@st.composite
def networks(draw: st.DrawFn, *, twins: bool = False) -> Network:
    """Up to five modules at the addresses 0..4; MIDs repeat only where `twins` are wanted."""
    addresses = draw(st.lists(st.integers(0, 4), unique=True))
    if twins:
        mids = draw(st.lists(st.sampled_from([0, 7, 8, 0xFFFF_FFFF]), min_size=5, max_size=5))
    else:
        mids = draw(st.permutations([0x8000_0001, 0x8000_0002, 7, 8, 9, 10]))
    catalogue = draw(st.sampled_from([None, "MICRORISC s.r.o."]))
    pairs = zip(addresses, mids, strict=False)
    return Network.of([draw(_devices(address, mid, catalogue)) for address, mid in pairs])
