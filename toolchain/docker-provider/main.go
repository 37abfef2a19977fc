// Command docker-provider is the Docker plugin for machines that cannot download the published one.
// It uses the same Terraform provider, the same bridge and pulumi-docker's names, so programs and
// state work with either plugin.
package main

import (
	"context"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

const localSocket = "unix:///var/run/docker.sock"

// version is the pulumi-docker release that this build stands in for. toolchain/install.py sets it
// from the installed Python package, so the version is pinned in one place only.
var version = "0.0.0-dev"

// emptySchema is enough: the Python package already contains the types that programs use.
var emptySchema = []byte(`{"name":"docker"}`)

func main() {
	tfbridge.Main("docker", version, docker(), emptySchema)
}

// docker maps the Terraform provider to pulumi-docker. Anything not listed here gets the bridge's
// standard name, as in the published plugin.
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
				// Names and published ports stay in use until the old container is removed.
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
	for name, resource := range info.Resources {
		resource.Fields = named(info.P.ResourcesMap().Get(name).Schema(), resource.Fields)
	}
	return info
}

// named returns the fields with the name that the bridge derives for each. The bridge would
// otherwise derive all of them again whenever it looks up one, a fifth of the plugin's work.
func named(schema shim.SchemaMap, fields map[string]*tfbridge.SchemaInfo) map[string]*tfbridge.SchemaInfo {
	result := map[string]*tfbridge.SchemaInfo{}
	schema.Range(func(key string, field shim.Schema) bool {
		info := tfbridge.SchemaInfo{}
		if known := fields[key]; known != nil {
			info = *known
		}
		info.Name = tfbridge.TerraformToPulumiNameV2(key, schema, fields)
		if block, ok := field.Elem().(shim.Resource); ok {
			info.Elem = &tfbridge.SchemaInfo{Fields: named(block.Schema(), nil)}
		}
		result[key] = &info
		return true
	})
	return result
}

// hostDefault is the daemon's address if neither the program nor the stack sets one.
func hostDefault() *tfbridge.DefaultInfo {
	return &tfbridge.DefaultInfo{
		EnvVars: []string{"DOCKER_HOST"},
		ComputeDefault: func(context.Context, tfbridge.ComputeDefaultOptions) (any, error) {
			return localSocket, nil
		},
	}
}
