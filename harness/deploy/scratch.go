package deploy

import (
	"errors"
	"io/fs"
	"os"
)

// ScratchFolder makes a folder of the run's own. An image that holds nothing but
// the program has no place for temporary files yet.
func ScratchFolder(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	if err := os.MkdirAll(os.TempDir(), 0o777|fs.ModeSticky); err != nil {
		return "", err
	}
	return os.MkdirTemp("", pattern)
}
