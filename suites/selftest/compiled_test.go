package selftest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// root is the top of the repository.
const root = "../.."

// built is the program that `make build` makes from a folder with the sources,
// without the stamp of a commit, which a copy does not have.
func built(t *testing.T, sources string) string {
	t.Helper()
	into := t.TempDir()
	cmd := exec.Command("make", "build", "BIN="+into)
	cmd.Dir, cmd.Env = sources, append(os.Environ(), "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	return filepath.Join(into, "conformance")
}

// Whoever builds a commit gets the same program, wherever the sources are. It holds
// everything it needs: it judges in a folder that has nothing else, not even one for
// temporary files.
func TestTheCompiledSuite(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	for _, part := range []string{"suites", "fixtures", "harness", "mockidserver", "schemas", "go.mod", "go.sum", "Makefile"} {
		if out, err := exec.Command("cp", "-r", filepath.Join(root, part), elsewhere).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	program := built(t, root)
	here, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	there, err := os.ReadFile(built(t, elsewhere))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(here, there) {
		t.Errorf("the same sources in another folder give another program (%d bytes, %d there)", len(here), len(there))
	}

	if os.Geteuid() != 0 {
		t.Skip("only root may make a folder the whole file system of a process")
	}
	empty := t.TempDir()
	if err := os.Rename(program, filepath.Join(empty, "conformance")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/conformance", "run", "--label-filter=getAccount3PIDs")
	cmd.Dir, cmd.Env = "/", []string{} // of the new root
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: empty}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(empty, "results", "report.json")); err != nil {
		t.Error(err)
	}
}
