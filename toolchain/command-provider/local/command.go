// Package local runs commands on the engine's machine. The package name is significant: the
// resource token command:local:Command is derived from it.
package local

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is a resource that shell commands create, update and delete. It behaves like
// pulumi-command 1.2.1, except for assetPaths and archivePaths (collecting the files that a command
// leaves behind). This project does not use them, and setting them is an error here.
type Command struct{}

// Inputs are a Command's inputs. An absent command differs from an empty one: the first is not run,
// the second is run and does nothing.
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

// Outputs is a Command's state: its inputs and the output of the last command. Secret inputs stay
// secret here. A command's output is secret only if the program lists it in
// additionalSecretOutputs.
type Outputs struct {
	Inputs
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Create creates the resource.
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

// Update updates the resource with the update command, or with the create command if there is none.
func (*Command) Update(
	ctx context.Context, req infer.UpdateRequest[Inputs, Outputs],
) (infer.UpdateResponse[Outputs], error) {
	// The new inputs with the previous output, which the command gets in its environment.
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

// Delete deletes the resource.
func (*Command) Delete(
	ctx context.Context, req infer.DeleteRequest[Outputs],
) (infer.DeleteResponse, error) {
	return infer.DeleteResponse{}, req.State.run(ctx, req.State.Delete)
}
