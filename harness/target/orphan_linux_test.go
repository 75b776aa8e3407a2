package target_test

import (
	"bufio"
	"io"
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// A homeserver holds ports and memory, and must not stay behind when the suite
// is killed. Its output ends when both, the suite and it, are gone.
func TestAProcessDiesWithItsParent(t *testing.T) {
	g := NewWithT(t)
	output, write, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = output.Close() })
	parent := helper("parent", "127.0.0.1:0")
	parent.Stdout = write
	g.Expect(parent.Start()).To(Succeed())
	g.Expect(write.Close()).To(Succeed())

	g.Expect(output.SetReadDeadline(time.Now().Add(enough))).To(Succeed())
	lines := bufio.NewReader(output)
	g.Expect(lines.ReadString('\n')).To(Equal("listening\n"))
	g.Expect(parent.Process.Kill()).To(Succeed())
	_ = parent.Wait() // killed
	rest, err := io.ReadAll(lines)
	g.Expect(err).NotTo(HaveOccurred(), "the child still holds the output")
	g.Expect(rest).To(BeEmpty())
}
