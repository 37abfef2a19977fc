// Command docker-provider is the Docker plugin of the engine where the published one cannot be
// downloaded: the same Terraform provider behind the same bridge, under pulumi-docker's names, so
// that a program and its state need not know which of the two they met.
package main

import (
	"context"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

const localSocket = "unix:///var/run/docker.sock"

// version is the pulumi-docker release that this build answers for; toolchain/install.py sets it
// from the installed Python package, so that the number is written down once.
var version = "0.0.0-dev"

// emptySchema is enough: the Python package already carries the types that a program is written in.
var emptySchema = []byte(`{"name":"docker"}`)

func main() {
	tfbridge.Main("docker", version, docker(), emptySchema)
}

// docker maps the Terraform provider to pulumi-docker. What is not named here gets the bridge's
// standard name, as it does in the published plugin.
func docker() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(provider.New(version)()),
		Name:    "docker",
		Version: version,
		Config: map[string]*tfbridge.SchemaInfo{
			"host":          {Default: hostDefault()},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_container": {
				Tok: "docker:index/container:Container",
				// Names and published ports are taken until the old container is gone.
				DeleteBeforeReplace: true,
				Fields: map[string]*tfbridge.SchemaInfo{
					"command":           {Name: "command"},
					"networks_advanced": {Name: "networksAdvanced"},
				},
			},
			"docker_image": {
				Tok:    "docker:index/remoteImage:RemoteImage",
				Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
			},
			"docker_config": {Tok: "docker:index/serviceConfig:ServiceConfig"},
		},
		DataSources: map[string]*tfbridge.DataSourceInfo{
			"docker_image": {Tok: "docker:index/getRemoteImage:getRemoteImage"},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("docker_", "index", tokens.MakeStandard("docker")))
	info.SetAutonaming(255, "-")
	return info
}

// hostDefault is where the daemon is when neither program nor stack says so.
func hostDefault() *tfbridge.DefaultInfo {
	return &tfbridge.DefaultInfo{
		EnvVars: []string{"DOCKER_HOST"},
		ComputeDefault: func(context.Context, tfbridge.ComputeDefaultOptions) (any, error) {
			return localSocket, nil
		},
	}
}
