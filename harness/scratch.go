package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
)

// scratchFolder makes a folder of the run's own. An image that holds nothing but
// the program has no place for temporary files yet.
func scratchFolder(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	if err := os.MkdirAll(os.TempDir(), 0o777|fs.ModeSticky); err != nil {
		return "", err
	}
	return os.MkdirTemp("", pattern)
}

// Processes hand things over to process 1 in files of the run's scratch folder,
// a line of JSON for each: it reads them when the others have finished.

// handOver adds a value to such a file. It is one write, so that the lines of
// several processes do not mix.
func handOver(name string, value any) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(session.world.scratch(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(line, '\n'))
	return err
}

// handedOver reads what all processes left in such a file; nothing is no error.
func handedOver[T any](name string) ([]T, error) {
	f, err := os.Open(session.world.scratch(name))
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
