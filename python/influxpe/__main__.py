"""`python -m influxpe`: the command line without the console script."""

import sys

from influxpe.cli import main

if __name__ == "__main__":
    sys.exit(main())
