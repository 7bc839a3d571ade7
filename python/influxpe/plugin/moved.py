"""Paths that plugins of the public repository once had, and where they are now.

An old path is tried first: a mirror may still have it.
"""

from typing import Final

# Plugins that lay at the top before there was a folder per organisation.
_ONCE_AT_THE_TOP: Final = (
    "downsampler/downsampler.py",
    "forecast_error_evaluator/forecast_error_evaluator.py",
    "influxdb_to_iceberg/influxdb_to_iceberg.py",
    "mad_check/mad_check_plugin.py",
    "notifier/notifier_plugin.py",
    "state_change/state_change_check_plugin.py",
    "stateless_adtk_detector/adtk_anomaly_detection_plugin.py",
    "threshold_deadman_checks/threshold_deadman_checks_plugin.py",
)
_SYSTEM_METRICS: Final = "influxdata/system_metrics/system_metrics.py"
_RIVER: Final = "influxdata/river_"

MOVED: Final[dict[str, str]] = {
    **{path: f"influxdata/{path}" for path in _ONCE_AT_THE_TOP},
    "downsampler.py": "influxdata/downsampler/downsampler.py",
    "examples/schedule/system_metrics/system_metrics.py": _SYSTEM_METRICS,
    "examples/system_metrics/system_metrics.py": _SYSTEM_METRICS,
    "examples/slack_alert.py": "pbarnett/slack_alert.py",
    "influxdata/Anaisdg/deadman_check_slack/deadman_alert.py": (
        "Anaisdg/deadman_check_slack/deadman_alert.py"
    ),
    "influxdata/Anaisdg/fbprophet/forecast_peyton.py": "Anaisdg/fbprophet/forecast_peyton.py",
    "influxdata/Anaisdg/fbprophet/plot_forecast_http.py": (
        "Anaisdg/fbprophet/plot_forecast_http.py"
    ),
    "influxdata/fake_data_generator/fake_data_generator.py": (
        "influxdata/bird_data_simulator/bird_data_simulator.py"
    ),
    f"{_RIVER}anomaly_detection/anomaly_detector.py": (
        f"{_RIVER}anomaly_detector/river_anomaly_detector.py"
    ),
    f"{_RIVER}auto_profiler/auto_profiler.py": f"{_RIVER}auto_profiler/river_auto_profiler.py",
    f"{_RIVER}forecaster/forecaster.py": f"{_RIVER}forecaster/river_forecaster.py",
    "synthefy/synthefy-forecasting/synthefy_forecasting.py": (
        "influxdata/synthefy_forecasting/synthefy_forecasting.py"
    ),
}
