// Command command-provider is the Command plugin of the engine where the published one cannot be
// downloaded. It answers to command:local:Command alone, the only part of it this project uses.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-go-provider/infer"

	"fate-pulumi.invalid/toolchain/command-provider/local"
)

// version is the pulumi-command release that this build answers for; toolchain/install.py sets it
// from the installed Python package, so that the number is written down once.
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
