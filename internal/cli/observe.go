package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/conductorone/baton-sdk/pkg/logging"
	"github.com/conductorone/baton-sdk/pkg/uotel"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"github.com/spf13/viper"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/term"

	"github.com/conductorone/baton-descope/internal/oneshot"
	"github.com/conductorone/baton-descope/mapping"
)

// observe sets up logs and traces as the SDK does, or a progress line on a terminal. It
// returns a function that ends them.
func (o *oneShot) observe(ctx context.Context) (context.Context, func(), error) {
	o.progress = &oneshot.Progress{}
	endLine := func() {}
	ctx, err := logged(ctx, o.Viper)
	if err != nil {
		return nil, nil, err
	}
	if o.wantsProgress() {
		ctx, endLine = o.showProgress(ctx)
	}
	ctx = ctxzap.ToContext(ctx, ctxzap.Extract(ctx).WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core { return deferError{c} })))
	ctx, endTraces, err := o.trace(ctx)
	if err != nil {
		endLine()
		return nil, nil, err
	}
	return ctx, func() {
		endLine()
		endTraces()
	}, nil
}

// logged returns a context with the log that the flags ask for.
func logged(ctx context.Context, v *viper.Viper) (context.Context, error) {
	return logging.Init(ctx,
		logging.WithLogFormat(v.GetString("log-format")),
		logging.WithLogLevel(v.GetString("log-level")),
		func(c *zap.Config) {
			if paths := v.GetStringSlice("log-path"); len(paths) > 0 {
				c.OutputPaths = paths
			}
		},
	)
}

// repeated are log lines of the SDK that repeat the final error of a run, and its
// durations.
var repeated = []string{"cancelling context due to error in action", "sync stats so far"}

// deferError logs the error of a run at debug level only: it is reported at the end.
type deferError struct{ zapcore.Core }

func (c deferError) With(fields []zapcore.Field) zapcore.Core { return deferError{c.Core.With(fields)} }

func (c deferError) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if slices.Contains(repeated, entry.Message) {
		entry.Level = zapcore.DebugLevel
	}
	return c.Core.Check(entry, checked)
}

// stderr is its file descriptor.
const stderr = 2

// wantsProgress reports whether to draw progress: stderr is a terminal that can redraw
// a line, and the flags ask for no particular logs and no change.
func (o *oneShot) wantsProgress() bool {
	kind := os.Getenv("TERM")
	if kind == "" || kind == "dumb" || !term.IsTerminal(stderr) {
		return false
	}
	for _, name := range []string{"log-level", "log-format", "log-path", "grant-entitlement", "revoke-grant"} {
		if given(o.cmd, name) || o.cmd.Flags().Changed(name) {
			return false
		}
	}
	return true
}

// showProgress draws the progress on stderr, with warnings above it.
func (o *oneShot) showProgress(ctx context.Context) (context.Context, func()) {
	o.progress.Out = os.Stderr
	o.progress.Width = func() int {
		if width, _, err := term.GetSize(stderr); err == nil && width > 0 {
			return width
		}
		return 80
	}
	lines := zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig())
	logger := zap.New(zapcore.NewCore(lines, zapcore.AddSync(o.progress), zapcore.WarnLevel))
	zap.ReplaceGlobals(logger)
	return ctxzap.ToContext(ctx, logger), o.progress.Tick(time.Second)
}

// done prints the summary of a sync on stderr, and how to look at the file.
func (o *oneShot) done(plan *mapping.Plan, took time.Duration) {
	types := o.GetStringSlice("sync-resource-types")
	if len(types) == 0 {
		types = typeIDs(plan)
	}
	after := took.Round(time.Second).String()
	if took < time.Minute {
		after = fmt.Sprintf("%.1fs", took.Seconds())
	}
	var out io.Writer = os.Stderr
	if o.progress.Out != nil {
		out = o.progress // Its line goes first.
	}
	file := o.GetString("file")
	fmt.Fprintf(out, "%s: %s in %s\n", file, o.progress.Summary(types, !o.GetBool("skip-entitlements-and-grants")), after)
	if strings.Contains(file, " ") {
		file = strconv.Quote(file)
	}
	fmt.Fprintf(out, "Look at it with: baton resources -f %s, or in a browser: baton explorer -f %[1]s\n", file)
}

// trace sends traces and logs to where the flags say, as the SDK does.
func (o *oneShot) trace(ctx context.Context) (context.Context, func(), error) {
	endpoint := o.GetString(field.OtelCollectorEndpointFieldName)
	if endpoint == "" {
		return ctx, func() {}, nil
	}
	opts := []uotel.Option{uotel.WithServiceName(name + "-server")}
	if o.GetBool(field.OtelTracingDisabledFieldName) {
		opts = append(opts, uotel.WithTracingDisabled())
	}
	if o.GetBool(field.OtelLoggingDisabledFieldName) {
		opts = append(opts, uotel.WithLoggingDisabled())
	}
	if o.GetBool(field.OtelCollectorEndpointTLSInsecureFieldName) {
		opts = append(opts, uotel.WithInsecureOtelEndpoint(endpoint))
	} else {
		opts = append(opts, uotel.WithOtelEndpoint(endpoint,
			o.GetString(field.OtelCollectorEndpointTLSCertPathFieldName), o.GetString(field.OtelCollectorEndpointTLSCertFieldName)))
	}
	ctx, shutdown, err := uotel.InitOtel(ctx, opts...)
	if err != nil || shutdown == nil {
		return ctx, func() {}, err
	}
	return ctx, func() {
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := shutdown(last); err != nil {
			zap.L().Error("error shutting down otel", zap.Error(err))
		}
	}, nil
}
