package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/api"
)

// outcome is the outcome of one attempt.
type outcome struct {
	reply *http.Response
	err   error
	try   int
	took  time.Duration
	again bool
	wait  time.Duration // before the next attempt
}

// log writes one line for an attempt. Errors of the API are warnings where the request
// is at fault and errors where the server is, but not before a retry, nor when the
// caller reports them.
func (t *Transport) log(ctx context.Context, call Call, o outcome) {
	logger := ctxzap.Extract(ctx)
	fields := []zap.Field{
		zap.String("operation", call.Operation),
		zap.Int("attempt", o.try),
		zap.Duration("duration", o.took),
	}
	if o.reply != nil {
		fields = append(fields, zap.Int("status", o.reply.StatusCode))
		if succeeded(o.reply) {
			logger.Debug("request done", fields...)
			return
		}
		o.err = &api.StatusError{StatusCode: o.reply.StatusCode, Header: o.reply.Header, Body: peek(o.reply)}
	}
	fields = append(fields, zap.String("error", t.ErrorOf(call, o.err).Error()))
	var postponed *pausedError
	switch {
	case o.again:
		logger.Info("request failed, trying again", append(fields, zap.Duration("wait", o.wait))...)
	case ctx.Err() != nil:
		logger.Debug("request cancelled", fields...)
	case t.options.Quiet:
		logger.Debug("request failed", fields...)
	case errors.As(o.err, &postponed):
		logger.Info("request postponed", fields...)
	case o.reply != nil && o.reply.StatusCode < 500:
		logger.Warn("request refused", fields...)
	default:
		logger.Error("request failed", fields...)
	}
}
