// Package cloud stands in for the secrets providers of cloud services and Vault.
package cloud

import (
	"encoding/json"
	"errors"

	"github.com/pulumi/pulumi/pkg/v3/secrets"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// Type is the secrets providers' type in a stack's state.
const Type = "cloud"

var errLeftOut = errors.New("this CLI, which was built from Go modules, has only the secrets provider " +
	"`passphrase`: install the official Pulumi CLI to use awskms, azurekeyvault, gcpkms or hashivault")

// EditProjectStack refuses.
func EditProjectStack(*workspace.ProjectStack, json.RawMessage) error { return errLeftOut }

// NewCloudSecretsManagerFromState refuses.
func NewCloudSecretsManagerFromState(json.RawMessage) (secrets.Manager, error) {
	return nil, errLeftOut
}

// NewCloudSecretsManager refuses.
func NewCloudSecretsManager(*workspace.ProjectStack, string, bool) (secrets.Manager, error) {
	return nil, errLeftOut
}
