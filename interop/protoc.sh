#!/bin/sh
# protoc.sh json|proto [FILE]: an OTLP metrics export request (FILE or stdin), read by the official
# schema and printed as text, one line a data point. Exits 1 with the reason where it does not parse,
# 2 where the tools are missing (packages.txt, and Go for the schema). The schema is the pinned
# release of opentelemetry-proto, or the directory OTLP_PROTO that holds `opentelemetry/proto/…`.
set -eu

case ${1-} in json | proto) ;; *) echo 'usage: protoc.sh json|proto [FILE]' >&2; exit 2 ;; esac
[ $# -lt 2 ] || exec <"$2"

fail() { echo "protoc.sh: $1" >&2; exit 2; }
cache=${XDG_CACHE_HOME:-$HOME/.cache}/jobmeter-interop
mkdir -p "$cache"
protos=${OTLP_PROTO-}
[ -z "$protos" ] || protos=$(cd "$protos" && pwd) || fail 'no directory OTLP_PROTO'
cd "$cache" # out of any Go module: `go mod download` is to touch no go.mod

if [ -z "$protos" ]; then
  module=github.com/open-telemetry/opentelemetry-proto@v1.11.0
  sum=h1:zDz4UqK3005mUkHumodHf4VgDacomjopfWjtIzu7XP4=
  found=$(GOWORK=off go mod download -json "$module") || fail "cannot fetch $module: $found"
  case $found in *"\"$sum\""*) ;; *) fail "$module has another checksum than $sum" ;; esac
  protos=$(printf '%s\n' "$found" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
fi
kind=$1
set -- opentelemetry/proto/common/v1/common.proto opentelemetry/proto/resource/v1/resource.proto \
  opentelemetry/proto/metrics/v1/metrics.proto \
  opentelemetry/proto/collector/metrics/v1/metrics_service.proto

# The generated code is kept under a name made of all that it depends on.
version=$(protoc --version) || fail 'no protoc'
[ -f "$protos/$1" ] || fail "no $1 in $protos"
key=$(cd "$protos" && { echo "$version"; cat "$@"; } | sha256sum | cut -c 1-16)
generated=$cache/python-$key
if [ ! -d "$generated" ]; then
  new=$(mktemp -d "$cache/new.XXXXXX")
  protoc -I "$protos" --python_out="$new" "$@" || { rm -r "$new"; fail 'protoc failed'; }
  mv -T "$new" "$generated" 2>/dev/null || rm -r "$new" # another run was first
fi

# Debian's protobuf is its own Python's; `python3` may be another one.
exec /usr/bin/python3 /dev/fd/3 "$kind" "$generated" 3<<'PYTHON'
import json, sys

sys.path[0] = sys.argv[2]
try:
    from google.protobuf import json_format, message, text_format
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
except ImportError as error:
    print(f"protoc.sh: {error}", file=sys.stderr)
    sys.exit(2)


def known_exceptions(body):
    """Takes out what the official exporter writes and the schema does not have."""
    for resource_metrics in body.get("resourceMetrics") or []:
        # @opentelemetry/otlp-transformer puts a resource's schema URL into `resource` as well as
        # where it belongs, beside it; JSON only (createResource in its common/internal).
        (resource_metrics.get("resource") or {}).pop("schemaUrl", None)


def strict(value, path="body"):
    """Refuses what protobuf's JSON allows and OTLP's does not (specification, "JSON Protobuf
    Encoding"), and null, which both read as "not set": a number that JSON cannot hold."""
    if value is None:
        raise ValueError(f"{path} is null")
    if isinstance(value, list):
        for index, item in enumerate(value):
            strict(item, f"{path}[{index}]")
    if isinstance(value, dict):
        for name, item in value.items():
            if "_" in name:
                raise ValueError(f"{path}.{name} is not lowerCamelCase")
            if name == "aggregationTemporality" and isinstance(item, str):
                raise ValueError(f"{path}.{name} is a name, not a number")
            strict(item, f"{path}.{name}")


def unique(pairs):
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"a field twice among {[name for name, _ in pairs]}")
    return dict(pairs)


def parse(kind, data):
    request = metrics_service_pb2.ExportMetricsServiceRequest()
    if kind == "json":
        body = json.loads(data.decode(), object_pairs_hook=unique)
        if not isinstance(body, dict):
            raise ValueError("body is not an object")
        known_exceptions(body)
        strict(body)
        return json_format.ParseDict(body, request)
    request.ParseFromString(data)
    size = request.ByteSize()
    request.DiscardUnknownFields()
    if request.ByteSize() != size:
        raise ValueError("fields that the schema does not have")
    return request


def any_value(value):
    which = value.WhichOneof("value")
    if which is None:
        return "empty"
    value = getattr(value, which)
    if which == "string_value":
        return json.dumps(value, ensure_ascii=False)
    if which == "array_value":
        return "[" + ",".join(map(any_value, value.values)) + "]"
    if which == "kvlist_value":
        return attributes(value.values)
    return str(value).lower() if which == "bool_value" else repr(value)


def attributes(pairs):
    # Sorted, but not made a dict: an attribute sent twice is to be seen.
    return "{" + ",".join(sorted(f"{pair.key}={any_value(pair.value)}" for pair in pairs)) + "}"


def fields(point, *names):
    """`name=value` of those that are set: a field without presence counts as set."""
    for name in names:
        field = point.DESCRIPTOR.fields_by_name[name]
        if not field.has_presence or point.HasField(name):
            value = getattr(point, name)
            text = repr(value) if isinstance(value, (int, float)) else "[" + ",".join(map(repr, value)) + "]"
            yield f"{name}={text}"


def buckets(side):
    return f"{side.offset}:[{','.join(map(str, side.bucket_counts))}]"


def point_value(kind, point):
    if kind in ("gauge", "sum"):
        which = point.WhichOneof("value")
        return repr(getattr(point, which)) if which else "no-value"
    if kind == "histogram":
        return " ".join(fields(point, "count", "sum", "min", "max", "explicit_bounds", "bucket_counts"))
    if kind == "exponential_histogram":
        text = " ".join(fields(point, "count", "sum", "min", "max", "scale", "zero_count", "zero_threshold"))
        return f"{text} positive={buckets(point.positive)} negative={buckets(point.negative)}"
    return text_format.MessageToString(point, as_one_line=True)


def metric_lines(metric):
    kind = metric.WhichOneof("data")
    if kind is None:
        return [f"{metric.name} no-data"]
    data = getattr(metric, kind)
    number = getattr(data, "aggregation_temporality", None)
    temporality = {None: "-", 0: "unspecified", 1: "delta", 2: "cumulative"}.get(number, number)
    shown = "monotonic-sum" if kind == "sum" and data.is_monotonic else kind
    return [
        f"{metric.name}{attributes(point.attributes)} {shown} {temporality} {point_value(kind, point)}"
        f" start={point.start_time_unix_nano} time={point.time_unix_nano} unit={metric.unit}"
        + (f" flags={point.flags}" if point.flags else "")
        for point in data.data_points
    ] or [f"{metric.name} {shown} {temporality} no-points"]


try:
    request = parse(sys.argv[1], sys.stdin.buffer.read())
except (ValueError, TypeError, AttributeError, RecursionError, json_format.Error, message.Error) as error:
    print(f"protoc.sh: {error}", file=sys.stderr)
    sys.exit(1)
for resource_metrics in request.resource_metrics:
    print(f"resource{attributes(resource_metrics.resource.attributes)} schema={resource_metrics.schema_url}")
    for scope_metrics in resource_metrics.scope_metrics:
        scope = scope_metrics.scope
        print(f"scope {scope.name}@{scope.version}{attributes(scope.attributes)} schema={scope_metrics.schema_url}")
        print("\n".join(sorted(line for metric in scope_metrics.metrics for line in metric_lines(metric))))
PYTHON
