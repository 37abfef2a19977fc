package local

import "github.com/pulumi/pulumi-go-provider/infer"

// Logging says which of a command's outputs are shown while it runs; both are kept in any case.
type Logging string

// All that a program can ask for. Absent means both.
const (
	LogStdout          Logging = "stdout"
	LogStderr          Logging = "stderr"
	LogStdoutAndStderr Logging = "stdoutAndStderr"
	NoLogging          Logging = "none"
)

// Values lets the engine refuse anything else.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "stdout", Value: LogStdout, Description: "show stdout"},
		{Name: "stderr", Value: LogStderr, Description: "show stderr"},
		{Name: "stdoutAndStderr", Value: LogStdoutAndStderr, Description: "show both"},
		{Name: "none", Value: NoLogging, Description: "show neither"},
	}
}

// shows tells whether one of the two outputs is shown.
func (l *Logging) shows(output Logging) bool {
	return l == nil || *l == LogStdoutAndStderr || *l == output
}
