"""What keeps a gateway from working on this machine: findings, each with what mends it."""

from iqrf_trio.doctor.examination import examine
from iqrf_trio.doctor.findings import Finding, Severity
from iqrf_trio.doctor.machine import Machine
from iqrf_trio.doctor.module import examine_module

__all__ = ["Finding", "Machine", "Severity", "examine", "examine_module"]
