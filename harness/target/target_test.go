package target

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
)

// A fake is a target that cannot be started.
type fake struct {
	name    string
	options []Option
}

func (f fake) Name() string          { return f.name }
func (f fake) Declares() Declaration { return Declaration{} }
func (f fake) Options() []Option     { return f.options }
func (f fake) Start(context.Context, Launch) (*Instance, error) {
	return nil, errors.New("not in this test")
}

func TestTheRegistry(t *testing.T) {
	g := NewWithT(t)
	before := registry.targets
	t.Cleanup(func() { registry.targets = before })
	registry.targets = nil
	_, err := Lookup("reference")
	g.Expect(err).To(HaveOccurred())

	Register(fake{name: "synapse"})
	Register(fake{name: "dendrite", options: []Option{{Key: "image"}}})
	Register(fake{name: "reference"})

	g.Expect(Names()).To(Equal([]string{"dendrite", "reference", "synapse"}), "in alphabetical order")
	found, err := Lookup("dendrite")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found.Options()).To(HaveLen(1), "the one of that name")

	for _, name := range []string{"conduit", "", "Synapse"} {
		found, err = Lookup(name)
		g.Expect(found).To(BeNil())
		g.Expect(err).To(MatchError(And(ContainSubstring(`"`+name+`"`), HaveSuffix("the targets are dendrite, reference, synapse"))))
	}
	g.Expect(func() { Register(fake{name: "synapse"}) }).To(PanicWith("target synapse is registered twice"))
	g.Expect(slices.Index(Names(), "synapse")).To(Equal(2), "and the list stays as it was")
}

func TestFillOptions(t *testing.T) {
	synapse := fake{name: "synapse", options: []Option{
		{Key: "rootfs", Default: "/opt/synapse"}, {Key: "workers", Default: "1"}, {Key: "log"},
	}}
	for name, c := range map[string]struct {
		given, want map[string]string
	}{
		"nothing given": {nil, map[string]string{"rootfs": "/opt/synapse", "workers": "1", "log": ""}},
		"some given":    {map[string]string{"workers": "4", "log": "DEBUG"}, map[string]string{"rootfs": "/opt/synapse", "workers": "4", "log": "DEBUG"}},
		"given empty":   {map[string]string{"rootfs": ""}, map[string]string{"rootfs": "", "workers": "1", "log": ""}},
	} {
		g := NewWithT(t)
		filled, err := FillOptions(synapse, c.given)
		g.Expect(err).NotTo(HaveOccurred(), name)
		g.Expect(filled).To(Equal(c.want), name)
	}

	g := NewWithT(t)
	given := map[string]string{"worker": "4"}
	filled, err := FillOptions(synapse, given)
	g.Expect(filled).To(BeNil())
	g.Expect(err).To(MatchError(`the target synapse has no option "worker"; its options are rootfs, workers, log`))
	g.Expect(given).To(Equal(map[string]string{"worker": "4"}), "what was given is left alone")
}

func TestRequireDir(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	g.Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
	g.Expect(RequireDir(dir, "the rootfs")).To(Succeed())
	g.Expect(RequireDir(file, "the rootfs")).To(MatchError("the rootfs " + file + " is not a folder"))
	none := filepath.Join(dir, "none")
	g.Expect(RequireDir(none, "the rootfs")).To(MatchError("the rootfs " + none + " does not exist"))
	below := filepath.Join(file, "below")
	g.Expect(RequireDir(below, "the rootfs")).To(MatchError(HavePrefix("the rootfs " + below + " cannot be read")))
}
