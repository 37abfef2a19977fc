// Package org stands in for `pulumi org`, which needs Pulumi Cloud.
package org

import (
	"github.com/spf13/cobra"

	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/cloud"
)

// NewOrgCmd stands in for `pulumi org`.
func NewOrgCmd() *cobra.Command { return cloud.LeftOut("org") }
