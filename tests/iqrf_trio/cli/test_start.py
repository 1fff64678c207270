"""What a gateway imports before it serves: modules cost time, and memory as long as it runs."""

import subprocess
import sys

NOT_NEEDED = (
    "iqrf_trio.config.incumbent",
    "iqrf_trio.doctor",
    "iqrf_trio.edges.mqtt",
    "iqrf_trio.messaging.mqtt",
    "iqrf_trio.simulator.mesh",
    "iqrf_trio.simulator.products",
    "iqrf_trio.wiring.mqtt",
    "iqrf_trio.wiring.simulated",
    *("asyncio", "cryptography", "gpiod", "paho", "spidev", "spiflash", "unittest"),
)

PRINT = """
import sys
import iqrf_trio.cli.run
print(*sys.modules)
"""


def test_what_few_gateways_need_is_not_imported_by_all() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINT], check=True, capture_output=True, text=True, timeout=120
    )
    imported = done.stdout.split()
    assert "iqrf_trio.daemon" in imported
    assert not [name for name in imported if name.startswith(NOT_NEEDED)]
