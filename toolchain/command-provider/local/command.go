// Package local holds the commands that run on the machine of the engine. It is named for the
// module that it stands for: the engine's token command:local:Command is made from this name.
package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is a resource whose life is a set of shell commands: one makes it, one changes it, one
// removes it. It does as pulumi-command 1.2.1 does, but for assetPaths and archivePaths (collecting
// files that a command leaves), which this project does not use: asking for them is an error here.
type Command struct{}

// Inputs is what a program says of a Command. An absent command is not the same as an empty one:
// the first is not run, the second is run and does nothing.
type Inputs struct {
	Triggers               *[]any             `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Create                 *string            `pulumi:"create,optional"`
	Update                 *string            `pulumi:"update,optional"`
	Delete                 *string            `pulumi:"delete,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *Logging           `pulumi:"logging,optional"`
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

// Outputs is what the state keeps of a Command: its inputs, and what the last command wrote. A
// secret input stays secret here; what a command writes is secret only if the program says so with
// additionalSecretOutputs.
type Outputs struct {
	Inputs
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Create makes the resource.
func (*Command) Create(
	ctx context.Context, req infer.CreateRequest[Inputs],
) (infer.CreateResponse[Outputs], error) {
	var none infer.CreateResponse[Outputs]
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err != nil {
		return none, err
	}
	state := Outputs{Inputs: req.Inputs}
	if !req.DryRun {
		if err := state.run(ctx, req.Inputs.Create); err != nil {
			return none, err
		}
	}
	return infer.CreateResponse[Outputs]{ID: id, Output: state}, nil
}

// Update changes the resource: by its own command if there is one, else by making it once more.
func (*Command) Update(
	ctx context.Context, req infer.UpdateRequest[Inputs, Outputs],
) (infer.UpdateResponse[Outputs], error) {
	// The new inputs with the old output, which the command finds in its environment.
	state := Outputs{Inputs: req.Inputs, Stdout: req.State.Stdout, Stderr: req.State.Stderr}
	command := req.Inputs.Update
	if command == nil {
		command = req.Inputs.Create
	}
	if !req.DryRun {
		if err := state.run(ctx, command); err != nil {
			return infer.UpdateResponse[Outputs]{}, err
		}
	}
	return infer.UpdateResponse[Outputs]{Output: state}, nil
}

// Delete removes the resource.
func (*Command) Delete(
	ctx context.Context, req infer.DeleteRequest[Outputs],
) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, req.State.run(ctx, req.State.Delete)
}
