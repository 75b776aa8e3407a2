package pki

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteOnce writes a private file (mode 0600) that appears complete or not at
// all. If it exists already, also because another process was faster, the file
// stays. It returns what the file holds.
func WriteOnce(path string, content []byte) ([]byte, error) {
	temporary, err := writeTemporary(path, content, 0o600)
	if err != nil {
		return nil, err
	}
	defer os.Remove(temporary)
	// Unlike a rename, a link does not replace what is there.
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

func replaceFile(path string, content []byte, mode fs.FileMode) error {
	temporary, err := writeTemporary(path, content, mode)
	if err != nil {
		return err
	}
	defer os.Remove(temporary) // gone already after the rename
	return os.Rename(temporary, path)
}

func writeTemporary(path string, content []byte, mode fs.FileMode) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Close())
	if err != nil {
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}
