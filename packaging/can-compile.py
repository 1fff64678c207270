"""Ends with 0 where Python's extensions can be compiled; pip's own words are pages of errors."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
headers = Path(sysconfig.get_path("include"), "Python.h")
sys.exit(not (shutil.which(compiler.split()[0]) and headers.exists()))
