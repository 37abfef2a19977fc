// Package s3 stands in for the client of S3. The backends that are built ask for its type.
package s3

// CopyObjectInput is the request to copy an object.
type CopyObjectInput struct{ CopySource *string }
