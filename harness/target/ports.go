package target

import "errors"

// PortAttempts is how often a start is tried when another program takes the port
// between our choice and the homeserver's listening.
const PortAttempts = 3

// TryPorts calls start, which chooses a port each time, until it fails otherwise
// than with taken, or PortAttempts times.
func TryPorts(taken error, start func() error) error {
	err := start()
	for attempt := 1; attempt < PortAttempts && errors.Is(err, taken); attempt++ {
		err = start()
	}
	return err
}
