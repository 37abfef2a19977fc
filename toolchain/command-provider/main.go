// Command command-provider is the Command plugin for machines that cannot download the published
// one. It implements only command:local:Command, the only part that this project uses.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-go-provider/infer"

	"fate-pulumi.invalid/toolchain/command-provider/local"
)

// version is the pulumi-command release that this build stands in for. toolchain/install.py sets it
// from the installed Python package, so the version is pinned in one place only.
var version = "0.0.0-dev"

func main() {
	provider, err := infer.NewProviderBuilder().
		WithResources(infer.Resource(&local.Command{})).
		Build()
	if err == nil {
		err = provider.Run(context.Background(), "command", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "command-provider:", err)
		os.Exit(1)
	}
}
