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
	bin := t.TempDir()
	cmd := exec.Command("make", "build", "BIN="+bin)
	cmd.Dir, cmd.Env = sources, append(os.Environ(), "GOFLAGS=-buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	return filepath.Join(bin, "conformance")
}

// The program holds everything it needs: it judges in a folder that has nothing
// else, not even one for temporary files.
func TestCompiledSuiteNeedsNothingAround(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may make a folder the whole file system of a process")
	}
	program := built(t, root)
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

// Whoever builds a commit gets the same program, wherever the sources are.
func TestCompiledSuiteIsReproducible(t *testing.T) {
	elsewhere := t.TempDir()
	for _, part := range []string{"suites", "fixtures", "harness", "mockidserver", "schemas", "go.mod", "go.sum", "Makefile"} {
		from, to := filepath.Join(root, part), filepath.Join(elsewhere, part)
		if out, err := exec.Command("cp", "-r", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	here, err := os.ReadFile(built(t, root))
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
}
