// Package neo stands in for `pulumi neo`, which needs Pulumi Cloud.
package neo

import (
	"github.com/spf13/cobra"

	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cloud"
)

// NewNeoCmd stands in for `pulumi neo`.
func NewNeoCmd() *cobra.Command { return cloud.LeftOut("neo") }
