"""What the commands about triggers and plugins have in common."""

from influxpe.cli.parameter import option, positional, several
from influxpe.cli.value_types import key_value

TRIGGER_PATH = "/api/v3/configure/processing_engine_trigger"
PLUGIN_FILES_PATH = "/api/v3/plugins/files"
PLUGIN_FOLDER_PATH = "/api/v3/plugins/directory"

TRIGGER_NAME = positional("TRIGGER_NAME", "Name of the trigger")
PLUGIN_NAME = positional(
    "FILENAME", "Plugin file, relative to the server's plugin directory, or gh:<path>"
)
INPUT_ARGUMENTS = several(
    "input-arguments", "INPUT_ARGUMENTS", "Arguments of the plugin: a=1,b=2; repeatable", key_value
)
CACHE_NAME = option(
    "cache-name",
    "CACHE_NAME",
    "Cache that test runs share under this name; test runs have one of their own without it",
    str,
)
