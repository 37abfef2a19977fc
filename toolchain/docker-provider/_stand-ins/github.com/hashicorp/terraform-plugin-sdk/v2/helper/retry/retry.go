// Package retry stands in for the waits of Terraform's plugin SDK, without their fixed delays.
//
// The Docker provider waits for 2 s before it first looks at a network, or removes a network or a
// volume, and then for 5 s before each further attempt. Those delays are meant for services that
// need time to show what they have done. A Docker daemon shows it with its answer.
package retry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// StateRefreshFunc looks at an object once. It returns the object and its state.
type StateRefreshFunc func() (any, string, error)

// StateChangeConf is what to wait for. The delays are those of the SDK, and are ignored.
type StateChangeConf struct {
	Refresh    StateRefreshFunc
	Pending    []string // the states in which to look again
	Target     []string // the states to wait for
	Timeout    time.Duration
	Delay      time.Duration
	MinTimeout time.Duration
}

// WaitForStateContext looks at an object until it is in a target state, and returns the object.
// It fails if looking fails, in any other state that is not pending, and after the timeout.
func (conf *StateChangeConf) WaitForStateContext(ctx context.Context) (any, error) {
	deadline := time.Now().Add(conf.Timeout)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		result, state, err := conf.Refresh()
		switch wanted := strings.Join(conf.Target, ", "); {
		case err != nil:
			return nil, err
		case slices.Contains(conf.Target, state):
			return result, nil
		case !slices.Contains(conf.Pending, state):
			return nil, fmt.Errorf("unexpected state '%s', wanted target '%s'", state, wanted)
		case time.Now().After(deadline):
			// In the words of the SDK, which programs may look for.
			return nil, fmt.Errorf(
				"timeout while waiting for state to become '%s' (last state: '%s', timeout: %s)",
				wanted, state, conf.Timeout,
			)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}
