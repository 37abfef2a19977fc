package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	p "github.com/pulumi/pulumi-go-provider"
)

// The environment variables that hold the previous command's output.
const (
	previousStdout = "PULUMI_COMMAND_STDOUT"
	previousStderr = "PULUMI_COMMAND_STDERR"
)

// run runs one of the resource's commands, if it is set, and stores its output. If the command
// fails, the stored output stays unchanged and the error contains everything the command wrote.
func (o *Outputs) run(ctx context.Context, command *string) error {
	if command == nil {
		return nil
	}
	argv := []string{"/bin/sh", "-c"}
	if o.Interpreter != nil && len(*o.Interpreter) > 0 {
		argv = *o.Interpreter
	}
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:len(argv):len(argv)], *command)...)
	cmd.Env = append(os.Environ(), o.environment()...)
	if o.Dir != nil {
		cmd.Dir = *o.Dir
	}
	if o.Stdin != nil {
		cmd.Stdin = strings.NewReader(*o.Stdin)
	}

	var all, stdout, stderr bytes.Buffer
	log := &lines{show: p.GetLogger(ctx).InfoStatus}
	both := &shared{to: &all}
	cmd.Stdout = writers(o.Logging.shows(LogStdout), &stdout, both, log)
	cmd.Stderr = writers(o.Logging.shows(LogStderr), &stderr, both, log)
	err := cmd.Run()
	log.end()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s", err, *command, all.String())
	}
	o.Stdout = strings.TrimSuffix(stdout.String(), "\n")
	o.Stderr = strings.TrimSuffix(stderr.String(), "\n")
	return nil
}

// environment returns the variables added to the engine's environment. Later entries win.
func (o *Outputs) environment() []string {
	var env []string
	if o.Environment != nil {
		for name, value := range *o.Environment {
			env = append(env, name+"="+value)
		}
	}
	if o.AddPreviousOutputInEnv != nil && !*o.AddPreviousOutputInEnv {
		return env
	}
	if o.Stdout != "" {
		env = append(env, previousStdout+"="+o.Stdout)
	}
	if o.Stderr != "" {
		env = append(env, previousStderr+"="+o.Stderr)
	}
	return env
}

// writers returns the destination of one output. It includes the log only if logged is true.
func writers(logged bool, own, both io.Writer, log io.Writer) io.Writer {
	if logged {
		return io.MultiWriter(own, both, log)
	}
	return io.MultiWriter(own, both)
}

// shared receives both outputs of a command, which are copied concurrently.
type shared struct {
	sync.Mutex
	to io.Writer
}

func (s *shared) Write(b []byte) (int, error) {
	s.Lock()
	defer s.Unlock()
	return s.to.Write(b)
}

// lines shows its input line by line while the command runs.
type lines struct {
	sync.Mutex
	show func(string)
	rest string
}

func (l *lines) Write(b []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	parts := strings.Split(l.rest+string(b), "\n")
	for _, line := range parts[:len(parts)-1] {
		l.show(line)
	}
	l.rest = parts[len(parts)-1]
	return len(b), nil
}

// end shows a last line that has no newline at its end.
func (l *lines) end() {
	if l.rest != "" {
		l.show(l.rest)
	}
}
