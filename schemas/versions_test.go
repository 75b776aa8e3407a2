package schemas

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/schemas/extract"
)

// Equal schemas are stored once, in the folder of the first version that has
// them, and each file serves a version.
func TestEqualSchemasAreStoredOnce(t *testing.T) {
	g := NewWithT(t)
	var versions []struct{ Schemas map[string]string }
	g.Expect(readTable(files, "versions.json", &versions)).To(Succeed())
	used := map[string]bool{}
	for _, version := range versions {
		for _, file := range version.Schemas {
			used[file] = true
		}
	}
	same := map[string]string{}
	for name, text := range schemaFiles(t) {
		if filepath.Dir(name) == strictFolder {
			continue
		}
		g.Expect(used).To(HaveKey(name))
		g.Expect(same[text]).To(BeEmpty(), name)
		same[text] = name
		delete(used, name)
	}
	g.Expect(used).To(Or(BeEmpty(), Equal(map[string]bool{"": true})))
}

// A new version is a folder and one command. The one made up here is the newest
// with one response changed.
func TestANewVersionIsAFolderAndOneCommand(t *testing.T) {
	g := NewWithT(t)
	spec, out := t.TempDir(), t.TempDir()
	from := os.DirFS("extract/testdata/spec")
	g.Expect(os.CopyFS(spec, from)).To(Succeed())
	newest, err := fs.Sub(from, "v1.10")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.CopyFS(filepath.Join(spec, "v1.99"), newest)).To(Succeed())
	document := filepath.Join(spec, "v1.99/client-server/luggage.yaml")
	text, err := os.ReadFile(document)
	g.Expect(err).NotTo(HaveOccurred())
	changed := bytes.Replace(text, []byte("description: A page."), []byte("description: A page., content: {application/json: {schema: {required: [page]}}}"), 1)
	g.Expect(changed).NotTo(Equal(text))
	g.Expect(os.WriteFile(document, changed, 0o644)).To(Succeed())

	chapters, err := extract.ReadChapters(os.DirFS("extract/testdata/suites"))
	g.Expect(err).NotTo(HaveOccurred())
	tree, err := extract.Extract(os.DirFS(spec), chapters)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(tree.Write(out)).To(Succeed())
	g.Expect(os.CopyFS(filepath.Join(out, strictFolder), os.DirFS(strictFolder))).To(Succeed())

	g.Expect(fs.Glob(os.DirFS(out), "v1.99/*/*")).To(Equal([]string{"v1.99/help/200.json"}))
	all, err := load(os.DirFS(out))
	g.Expect(err).NotTo(HaveOccurred())
	for version, want := range map[string]int{"v1.9": 0, "v1.10": 0, "v1.98": 0, "v1.99": 1, "v1.100": 1} {
		g.Expect(broken(t, all.setFor([]string{version}), "help", 200, `{}`)).To(HaveLen(want), version)
	}
	g.Expect(broken(t, all.setFor([]string{"v1.99"}), "relabelBag", 403, `{}`)).To(ContainElement(HaveField("Schema", "v1.99/relabelBag/403.json")))
	g.Expect(all.setFor([]string{"v1.9"}).files).To(HaveKey("leaveBag/200.json"))
	g.Expect(all.setFor([]string{"v1.10"}).files).NotTo(HaveKey("leaveBag/200.json"))
	g.Expect(all.operations).To(ContainElement(And(HaveField("ID", "relabelBag"), HaveField("Since", "v1.10"), HaveField("Until", ""))))
}
