// Package tfbridge: this file stands in for the bridge's own log.go, which sends each debug message
// of the Terraform provider to the engine and waits until that has dropped it. Here they are sent
// only if TF_LOG is set.
package tfbridge

import (
	"bytes"
	"context"
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"

	"github.com/pulumi/pulumi-terraform-bridge/v3/internal/logging"
)

// LogRedirector is the output of the standard logger, which the Terraform provider writes to.
type LogRedirector struct {
	ctx   context.Context
	sink  logging.Sink
	asked string // the level that TF_LOG asks for
}

// The levels of the Terraform provider's messages, from the most important one.
var levels = []struct {
	name     string
	severity diag.Severity
}{{"error", diag.Error}, {"warn", diag.Warning}, {"info", diag.Info}, {"debug", diag.Debug}, {"trace", diag.Debug}}

// NewTerraformLogRedirector returns an output that sends to the engine what TF_LOG asks for.
func NewTerraformLogRedirector(ctx context.Context, sink logging.Sink) *LogRedirector {
	return &LogRedirector{ctx, sink, strings.ToLower(os.Getenv("TF_LOG"))}
}

// Write sends a message, if TF_LOG asks for its level or a less important one.
func (lr *LogRedirector) Write(message []byte) (int, error) {
	if lr.asked == "" {
		return len(message), nil
	}
	for _, level := range levels {
		if label := []byte("[" + strings.ToUpper(level.name) + "] "); bytes.Contains(message, label) {
			_ = lr.sink.Log(lr.ctx, level.severity, "", strings.TrimSpace(string(message)))
			break
		}
		if level.name == lr.asked {
			break
		}
	}
	return len(message), nil
}
