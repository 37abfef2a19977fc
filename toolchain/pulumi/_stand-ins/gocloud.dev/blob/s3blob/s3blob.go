// Package s3blob stands in for the backend of state in S3.
package s3blob

import (
	"context"
	"errors"
	"net/url"

	"gocloud.dev/blob"
)

// Missing refuses the backends that this build does not have.
type Missing struct{}

// OpenBucketURL refuses.
func (Missing) OpenBucketURL(_ context.Context, address *url.URL) (*blob.Bucket, error) {
	return nil, errors.New("this CLI, which was built from Go modules, has no backend for " +
		address.Scheme + ":// : use file:// or https://, or install the official Pulumi CLI")
}

func init() {
	for _, scheme := range []string{"s3", "gs", "azblob"} {
		blob.DefaultURLMux().RegisterBucket(scheme, Missing{})
	}
}
