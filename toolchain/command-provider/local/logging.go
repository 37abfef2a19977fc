package local

import "github.com/pulumi/pulumi-go-provider/infer"

// Logging selects which of a command's outputs are shown while it runs. Both are always stored.
type Logging string

// The valid values. Absent means both.
const (
	LogStdout          Logging = "stdout"
	LogStderr          Logging = "stderr"
	LogStdoutAndStderr Logging = "stdoutAndStderr"
	NoLogging          Logging = "none"
)

// Values makes the engine reject any other value.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "stdout", Value: LogStdout, Description: "show stdout"},
		{Name: "stderr", Value: LogStderr, Description: "show stderr"},
		{Name: "stdoutAndStderr", Value: LogStdoutAndStderr, Description: "show both"},
		{Name: "none", Value: NoLogging, Description: "show neither"},
	}
}

// shows reports whether an output is shown.
func (l *Logging) shows(output Logging) bool {
	return l == nil || *l == LogStdoutAndStderr || *l == output
}
