package oneshot

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
)

// Stopped is the error of a run that a signal stopped.
type Stopped struct {
	Signal syscall.Signal
	text   string
}

func (s *Stopped) Error() string { return s.text }

// ExitCode returns 128 plus the number of the signal, as in shells: 130 for SIGINT, 143
// for SIGTERM.
func (s *Stopped) ExitCode() int { return exitCode(s.Signal) }

func exitCode(s syscall.Signal) int { return 128 + int(s) }

// stopSignal is the cause of a context ended by a signal.
type stopSignal struct{ syscall.Signal }

func (s stopSignal) Error() string { return "stopped by " + nameOf(s.Signal) }

func nameOf(s syscall.Signal) string {
	if s == syscall.SIGTERM {
		return "SIGTERM"
	}
	return "SIGINT"
}

// signalOf returns the signal that ended a context.
func signalOf(ctx context.Context) (syscall.Signal, bool) {
	var stop stopSignal
	if errors.As(context.Cause(ctx), &stop) {
		return stop.Signal, true
	}
	return 0, false
}

// WithSignals returns a context that SIGINT and SIGTERM end. The second of them ends
// the process with the exit code of [Stopped.ExitCode].
func WithSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				caught, ok := s.(syscall.Signal)
				if !ok {
					continue
				}
				if ctx.Err() != nil {
					os.Exit(exitCode(caught))
				}
				ctxzap.Extract(ctx).Warn("stopping; a second signal ends at once", zap.String("signal", nameOf(caught)))
				cancel(stopSignal{caught})
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}
