// A small OpenTelemetry Collector: jobmeter's interop tests send to it and read what it wrote.
// Its receiver, data model and command line (--config, validate, components) are the stock ones.
package main

import (
	"context"
	"os"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter/debugexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry"
	"go.uber.org/zap"
)

func factories() (set otelcol.Factories, err error) {
	if set.Receivers, err = otelcol.MakeFactoryMap(otlpreceiver.NewFactory()); err != nil {
		return set, err
	}
	set.Exporters, err = otelcol.MakeFactoryMap(debugexporter.NewFactory(), newFileFactory())
	set.Telemetry = telemetry.NewFactory(
		func() component.Config { return &struct{}{} },
		telemetry.WithCreateLogger(newLogger))
	return set, err
}

// The Collector's own telemetry is a log on stderr and nothing else. The stock factory for it would
// listen on port 8888, and its cloud detectors bring in a Kubernetes client: they double the build.
func newLogger(_ context.Context, set telemetry.LoggerSettings, _ component.Config) (
	*zap.Logger, component.ShutdownFunc, error,
) {
	config := zap.NewProductionConfig()
	config.Sampling = nil // every warning counts
	config.Encoding = "console"
	config.EncoderConfig = zap.NewDevelopmentEncoderConfig()
	logger, err := set.BuildZapLogger(config)
	return logger, nil, err
}

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector", Version: "0.162.0"},
		Factories: factories,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				ProviderFactories: []confmap.ProviderFactory{
					envprovider.NewFactory(), fileprovider.NewFactory(),
				},
			},
		},
	})
	if command.Execute() != nil { // cobra has printed it
		os.Exit(1)
	}
}
