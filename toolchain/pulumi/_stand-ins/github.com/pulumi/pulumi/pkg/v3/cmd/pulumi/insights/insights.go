// Package insights stands in for `pulumi insights`, which needs Pulumi Cloud.
package insights

import (
	"github.com/spf13/cobra"

	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cloud"
)

// NewInsightsCmd stands in for `pulumi insights`.
func NewInsightsCmd() *cobra.Command { return cloud.LeftOut("insights") }
