"""Settings of OpenTelemetry, under the names that its specification gives them."""

from typing import Final, Self

from pydantic import BaseModel, Field, model_validator

from app.domain.setting_fields import Headers, OneLine, TraceUrl, WebUrl

SAMPLERS: Final = (
    *("always_on", "always_off", "traceidratio"),
    *("parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"),
)
_EXPORTERS: Final = ("otlp", "none")
_PROTOCOLS: Final = ("http/protobuf",)


class TelemetrySettings(BaseModel):
    """Where traces and metrics are sent. Without an endpoint there are none."""

    otel_exporter_otlp_endpoint: WebUrl = Field(
        "", description="Collector that takes OTLP over HTTP; without one there is no telemetry"
    )
    otel_exporter_otlp_traces_endpoint: WebUrl = Field(
        "", description="The whole address for traces, instead of the endpoint's /v1/traces"
    )
    otel_exporter_otlp_metrics_endpoint: WebUrl = Field(
        "", description="The whole address for metrics, instead of the endpoint's /v1/metrics"
    )
    otel_exporter_otlp_headers: Headers = Field(
        (), repr=False, description="Headers of every export: name=value, several with commas"
    )
    otel_exporter_otlp_protocol: OneLine = Field(
        "http/protobuf", description="Only http/protobuf is spoken"
    )
    otel_service_name: OneLine = Field("oneoff", description="What traces and metrics come from")
    otel_resource_attributes: OneLine = Field(
        "", description="More about that: name=value, several with commas"
    )
    otel_traces_exporter: OneLine = Field("otlp", description="otlp, or none for no traces")
    otel_metrics_exporter: OneLine = Field("otlp", description="otlp, or none for no metrics")
    otel_traces_sampler: OneLine = Field(
        "parentbased_always_on", description="Which traces are recorded: a sampler's name"
    )
    otel_traces_sampler_arg: float = Field(
        1.0, ge=0, le=1, description="Share of traces that the samplers traceidratio record"
    )
    otel_bsp_schedule_delay: float = Field(
        5000, ge=10, le=600_000, description="Milliseconds between two exports of spans"
    )
    otel_metric_export_interval: float = Field(
        60_000, ge=100, le=3_600_000, description="Milliseconds between two exports of metrics"
    )
    otel_sdk_disabled: bool = Field(default=False, description="No telemetry, whatever else is set")
    trace_url: TraceUrl = Field(
        "", description="Where people see a trace; {trace_id} in it stands for the trace's id"
    )
    flower_url: WebUrl = Field("", description="Where people find Flower; for links")

    @model_validator(mode="after")
    def _is_spoken(self) -> Self:
        """Refuse what can't be done, but only who wants telemetry: others share the variables."""
        if not self.has_telemetry:
            return self
        for name, allowed in (
            ("otel_exporter_otlp_protocol", _PROTOCOLS),
            ("otel_traces_exporter", _EXPORTERS),
            ("otel_metrics_exporter", _EXPORTERS),
            ("otel_traces_sampler", SAMPLERS),
        ):
            if getattr(self, name) not in allowed:
                given, words = getattr(self, name)[:100], ", ".join(allowed)
                raise ValueError(f"{name.upper()}={given} is refused: must be one of {words}")
        return self

    @property
    def traces_endpoint(self) -> str:
        """The address that spans are sent to; empty for none."""
        return self._address(self.otel_exporter_otlp_traces_endpoint, "traces")

    @property
    def metrics_endpoint(self) -> str:
        """The address that metrics are sent to; empty for none."""
        return self._address(self.otel_exporter_otlp_metrics_endpoint, "metrics")

    def _address(self, own: str, signal: str) -> str:
        base = self.otel_exporter_otlp_endpoint.rstrip("/")
        return own or (f"{base}/v1/{signal}" if base else "")

    @property
    def sends_traces(self) -> bool:
        """Whether there are traces."""
        wanted = not self.otel_sdk_disabled and self.otel_traces_exporter != "none"
        return wanted and bool(self.traces_endpoint)

    @property
    def sends_metrics(self) -> bool:
        """Whether metrics are sent; what /metrics answers is another matter."""
        wanted = not self.otel_sdk_disabled and self.otel_metrics_exporter != "none"
        return wanted and bool(self.metrics_endpoint)

    @property
    def has_telemetry(self) -> bool:
        """Whether anything is sent."""
        return self.sends_traces or self.sends_metrics
