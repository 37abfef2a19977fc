// Package authhelpers stands in for the login at Google Cloud.
package authhelpers

import (
	"context"

	"gocloud.dev/blob"
)

// GoogleCredentialsMux knows no backend that needs a login.
func GoogleCredentialsMux(context.Context) (*blob.URLMux, error) { return blob.DefaultURLMux(), nil }
