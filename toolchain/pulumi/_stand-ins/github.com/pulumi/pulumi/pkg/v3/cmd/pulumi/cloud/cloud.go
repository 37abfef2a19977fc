// Package cloud stands in for `pulumi api`, which calls the REST API of Pulumi Cloud.
package cloud

import (
	"errors"

	"github.com/spf13/cobra"
)

// APIError is an error of `pulumi api`, which this build does not have.
type APIError struct {
	Silent   bool
	ExitCode int
}

func (*APIError) Error() string { return "error of pulumi api" }

// LeftOut is the command that says that a command is not part of this build.
func LeftOut(name string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Short:              "Not part of this build of the CLI",
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("`pulumi " + name + "` is not part of this CLI, which was built from " +
				"Go modules: install the official Pulumi CLI")
		},
	}
}

// NewAPICmd stands in for `pulumi api`.
func NewAPICmd() *cobra.Command { return LeftOut("api") }
