"""How other programs show the quantities of the sensor standard: Home Assistant and Prometheus.

A class is only given where Home Assistant from 2024.12 on takes it together with the unit: 2025.12
and later refuse an entity whose unit does not belong to its class. So ppm of nitrogen dioxide,
sulfur dioxide and ozone, PM4 and kelvin come without a class. Prometheus wants base units: the
value times `factor` is in the unit that the metric's name ends with.
"""

from collections.abc import Mapping
from typing import Literal

from attrs import frozen

Component = Literal["sensor", "binary_sensor", "event"]
"""Which kind of entity Home Assistant makes of it."""

StateClass = Literal["measurement", "total_increasing"]


@frozen
class Presentation:
    """How one quantity is shown. Empty texts and None mean that there is no such thing.

    `device_class`, `unit`, `state_class`, `precision` (decimals shown), `icon` and `diagnostic` are
    Home Assistant's; `metric` and `factor` are for Prometheus. `component` is None for the block
    of bytes, which is no entity.
    """

    component: Component | None
    metric: str
    device_class: str = ""
    unit: str = ""
    state_class: StateClass | None = None
    precision: int | None = None
    icon: str = ""
    diagnostic: bool = False
    factor: float = 1.0


def _measured(
    metric: str, device_class: str, unit: str, precision: int, *, factor: float = 1.0
) -> Presentation:
    return Presentation(
        "sensor", metric, device_class, unit, "measurement", precision, factor=factor
    )


def _without_class(
    metric: str, unit: str, precision: int, icon: str, *, factor: float = 1.0
) -> Presentation:
    return Presentation("sensor", metric, "", unit, "measurement", precision, icon, factor=factor)


def _raw(metric: str) -> Presentation:
    return Presentation("sensor", metric, icon="mdi:numeric")


PRESENTATIONS: Mapping[int, Presentation] = {
    1: _measured("temperature_celsius", "temperature", "°C", 2),
    2: _measured("carbon_dioxide_ppm", "carbon_dioxide", "ppm", 0),
    3: _measured("volatile_organic_compounds_ppm", "volatile_organic_compounds_parts", "ppm", 0),
    4: _measured("voltage_volts", "voltage", "V", 3),
    5: _without_class("magnetic_flux_density_teslas", "T", 7, "mdi:magnet"),
    6: _measured("voltage_volts", "voltage", "V", 1),
    7: _measured("current_amperes", "current", "A", 3),
    8: _measured("power_watts", "power", "W", 2),
    9: _measured("frequency_hertz", "frequency", "Hz", 3),
    10: _measured("timespan_seconds", "duration", "s", 0),
    11: _measured("illuminance_lux", "illuminance", "lx", 0),
    12: _without_class("nitrogen_dioxide_ppm", "ppm", 3, "mdi:molecule"),
    13: _without_class("sulfur_dioxide_ppm", "ppm", 3, "mdi:molecule"),
    14: _measured("carbon_monoxide_ppm", "carbon_monoxide", "ppm", 2),
    15: _without_class("ozone_ppm", "ppm", 4, "mdi:molecule"),
    16: _measured("pressure_pascals", "atmospheric_pressure", "hPa", 1, factor=100),
    17: _without_class("color_temperature_kelvin", "K", 0, "mdi:thermometer-lines"),
    18: _measured("pm2_5_grams_per_cubic_meter", "pm25", "µg/m³", 2, factor=1e-06),
    19: _measured("sound_pressure_decibels", "sound_pressure", "dB", 1),
    20: Presentation(
        "sensor",
        "altitude_meters",
        device_class="distance",
        unit="m",
        state_class="measurement",
        precision=2,
        icon="mdi:altimeter",
    ),
    21: _without_class("acceleration_meters_per_second_squared", "m/s²", 3, "mdi:axis-arrow"),
    22: _without_class("ammonia_ppm", "ppm", 1, "mdi:molecule"),
    23: _without_class("methane_ratio", "%", 3, "mdi:molecule", factor=0.01),
    24: _measured("length_meters", "distance", "m", 3),
    25: _measured("pm1_grams_per_cubic_meter", "pm1", "µg/m³", 2, factor=1e-06),
    26: _without_class("pm4_grams_per_cubic_meter", "µg/m³", 2, "mdi:molecule", factor=1e-06),
    27: _measured("pm10_grams_per_cubic_meter", "pm10", "µg/m³", 2, factor=1e-06),
    28: _measured(
        "volatile_organic_compounds_grams_per_cubic_meter",
        "volatile_organic_compounds",
        "µg/m³",
        0,
        factor=1e-06,
    ),
    29: _without_class("nitrogen_oxides_index", "", 0, "mdi:molecule"),
    30: _without_class(
        "activity_concentration_becquerels_per_cubic_meter", "Bq/m³", 0, "mdi:radioactive"
    ),
    31: Presentation("binary_sensor", "binary_input_state"),
    32: _without_class("pm40_grams_per_cubic_meter", "µg/m³", 2, "mdi:molecule", factor=1e-06),
    128: _measured("relative_humidity_ratio", "humidity", "%", 1, factor=0.01),
    129: _raw("binary_data7"),
    130: _measured("power_factor_ratio", "power_factor", "", 3),
    131: _without_class("uv_index", "UV index", 1, "mdi:weather-sunny-alert"),
    132: _measured("ph", "ph", "", 2),
    133: Presentation(
        "sensor",
        "rssi_dbm",
        device_class="signal_strength",
        unit="dBm",
        state_class="measurement",
        precision=1,
        diagnostic=True,
    ),
    134: Presentation("event", "action_code", icon="mdi:gesture-tap"),
    160: _raw("binary_data30"),
    161: Presentation(
        "sensor",
        "energy_joules",
        device_class="energy",
        unit="Wh",
        state_class="total_increasing",
        precision=0,
        factor=3600,
    ),
    162: Presentation("sensor", "datetime_timestamp_seconds", device_class="timestamp"),
    163: _measured("timespan_seconds", "duration", "s", 2),
    164: _without_class("latitude_degrees", "°", 6, "mdi:latitude"),
    165: _without_class("longitude_degrees", "°", 6, "mdi:longitude"),
    166: _measured("temperature_celsius", "temperature", "°C", 2),
    167: _measured("length_meters", "distance", "m", 3),
    168: _raw("four_bytes"),
    192: Presentation(None, ""),
}
"""By the type of the quantity."""
