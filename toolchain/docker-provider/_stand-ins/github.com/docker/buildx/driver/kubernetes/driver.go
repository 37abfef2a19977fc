// Package kubernetes stands in for image builds on Kubernetes, which buildx offers.
package kubernetes
