"""Settings (being written)."""
import os
from functools import cache
from types import SimpleNamespace
@cache
def get():
    return SimpleNamespace(database_url=os.environ.get("DATABASE_URL","sqlite:///data/cicd_health.db"))
