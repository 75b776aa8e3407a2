package selftest

import (
	"os/exec"
	"strings"
	"testing"

	"threepid-conformance/harness/config"
)

const (
	nowhere       = "nowhere.test/nothing:1" // an image that no registry has
	referenceName = "threepid-conformance/refserver:" + config.Version
)

// Sidecars that are asked for in containers and cannot be are an error with its
// mend; a homeserver in a container needs Docker, too.
func TestSidecarsThatCannotBeInContainers(t *testing.T) {
	asked := []string{"no Docker engine answers: ", "choose sidecars=embedded"}
	ofImage := []string{"the homeserver comes as an image, but no Docker engine answers: "}
	if dockerAnswers() {
		asked = []string{"the image " + nowhere + " is not on this machine and cannot be pulled", "make it with .ci/images", "let the sidecars be embedded"}
		ofImage = []string{"the image " + nowhere + " is not on this machine and cannot be pulled", "docker load"}
	}
	for _, c := range []struct {
		name string
		args []string
		says []string
	}{
		{"asked for", []string{"--sidecars=containers", "--images-mailpit=" + nowhere}, asked},
		{"the homeserver", []string{"--sidecars=embedded", "--target-option=image=" + nowhere}, ofImage},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := conform(t, append(c.args, oneRow)...)
			if r.exit != 2 || r.report != nil {
				t.Errorf("exit %d\n%s", r.exit, r.output)
			}
			sentence := lastLine(r.output)
			for _, part := range c.says {
				if !strings.Contains(sentence, part) {
					t.Errorf("want %q in\n%s", part, r.output)
				}
			}
		})
	}
}

// What is not asked for falls back to this program, in one line.
func TestContainersThatAreMissingFallBack(t *testing.T) {
	needsImages(t)
	r := conform(t, "--target-option=image="+referenceName, "--images-mailpit="+nowhere, oneRow)
	if r.exit != 0 || strings.Count(r.output, "\nsidecars    embedded, because the image "+nowhere+" is not on this machine") != 1 {
		t.Errorf("exit %d\n%s", r.exit, r.output)
	}
	if r.report == nil || r.report.Target.How != "image" {
		t.Errorf("the homeserver did not run as an image:\n%s", r.output)
	}
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

func dockerAnswers() bool { return exec.Command("docker", "version").Run() == nil }

// needsImages skips a test where Docker or the images of a run are not there.
func needsImages(t *testing.T) {
	t.Helper()
	if !dockerAnswers() {
		t.Skip("no Docker engine answers, or its command is not here; .ci/containers starts one where it can")
	}
	images := config.Default().Images
	for _, image := range []string{images.Mailpit, images.IdentityServer, referenceName} {
		if exec.Command("docker", "image", "inspect", image).Run() != nil {
			t.Skipf("the image %s is not here; .ci/images makes it", image)
		}
	}
}
