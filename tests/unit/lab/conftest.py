"""The program of the lab images, imported as in those images."""

import sys
from pathlib import Path

APP = str(Path(__file__).parents[2] / "lab" / "app")
if APP not in sys.path:
    sys.path.append(APP)
