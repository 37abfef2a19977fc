// Package gcsblob stands in for the backend of state in Google Cloud Storage; s3blob refuses it.
package gcsblob

// Scheme is the backend's URL scheme.
const Scheme = "gs"
