package main

import (
	"context"
	"errors"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// The contrib file exporter's stand-in: the same name, `path` setting and output (OTLP/JSON, one
// request a line). Unlike it, it writes before the sender is answered, so that a test need not wait.

type fileConfig struct {
	Path string `mapstructure:"path"`
}

func (c *fileConfig) Validate() error {
	if c.Path == "" {
		return errors.New("path is empty")
	}
	return nil
}

type fileExporter struct {
	path string
	lock sync.Mutex // requests are answered in parallel
	file *os.File
}

func newFileFactory() exporter.Factory {
	return exporter.NewFactory(
		component.MustNewType("file"),
		func() component.Config { return &fileConfig{} },
		exporter.WithMetrics(
			func(_ context.Context, _ exporter.Settings, c component.Config) (exporter.Metrics, error) {
				return &fileExporter{path: c.(*fileConfig).Path}, nil
			},
			component.StabilityLevelDevelopment))
}

func (e *fileExporter) Start(context.Context, component.Host) (err error) {
	e.file, err = os.Create(e.path)
	return err
}

func (e *fileExporter) ConsumeMetrics(_ context.Context, metrics pmetric.Metrics) error {
	line, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(metrics)
	if err != nil {
		return err
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	_, err = e.file.Write(append(line, '\n'))
	return err
}

func (e *fileExporter) Capabilities() consumer.Capabilities { return consumer.Capabilities{} }

func (e *fileExporter) Shutdown(context.Context) error {
	if e.file == nil { // never started
		return nil
	}
	return e.file.Close()
}
