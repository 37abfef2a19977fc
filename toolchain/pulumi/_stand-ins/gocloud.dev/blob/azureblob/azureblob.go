// Package azureblob stands in for the backend of state in Azure Blob Storage.
package azureblob

import "gocloud.dev/blob/s3blob"

// Scheme is the backend's URL scheme.
const Scheme = "azblob"

// URLOpener refuses to open a backend.
type URLOpener struct {
	s3blob.Missing
	MakeClient        func()
	ServiceURLOptions struct{}
}

// NewDefaultClient is not called.
func NewDefaultClient() {}

// NewDefaultServiceURLOptions has no options.
func NewDefaultServiceURLOptions() *struct{} { return &struct{}{} }
