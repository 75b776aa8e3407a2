package run

import (
	"bufio"
	"encoding/json"
	"os"
)

// Processes hand things over to process 1 in files of the run's scratch folder,
// a line of JSON for each: it reads them when the others have finished.

// handOver adds a value to such a file. It is one write, so that the lines of
// several processes do not mix.
func handOver(name string, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(current.deployment.Scratch(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}

// handedOver reads what all processes left in such a file; nothing is no error.
func handedOver[T any](name string) ([]T, error) {
	f, err := os.Open(current.deployment.Scratch(name))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var values []T
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v T
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, lines.Err()
}
