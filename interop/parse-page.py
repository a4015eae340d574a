"""Reads a page from standard input with the parsers of Prometheus's own Python client, and prints it as JSON.

The argument is "text" or "openmetrics".
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as text

parse = {"text": text, "openmetrics": openmetrics}[sys.argv[1]]
families = [
    {
        "name": family.name,
        "type": family.type,
        "unit": family.unit,
        "samples": [{"name": s.name, "labels": s.labels, "value": s.value} for s in family.samples],
    }
    for family in parse(sys.stdin.buffer.read().decode("utf-8", "strict"))
]
json.dump(families, sys.stdout, allow_nan=False)
