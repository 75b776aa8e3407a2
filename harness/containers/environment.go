package containers

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"

	"github.com/moby/moby/client"
)

// Settings of testcontainers-go that it reads from the environment.
const (
	hostOverride  = "TESTCONTAINERS_HOST_OVERRIDE"
	ryukDisabled  = "TESTCONTAINERS_RYUK_DISABLED"
	dockerHost    = "DOCKER_HOST"
	ryukImage     = "testcontainers/ryuk:0.14.0" // that of testcontainers-go v0.45.0
	containerMark = "/.dockerenv"
)

// prepareEnvironment sets, in this process, what testcontainers-go would get
// wrong here. What the user has set stays. It returns a sentence for each.
func prepareEnvironment(ctx context.Context) []string {
	var notes []string
	if _, set := os.LookupEnv(hostOverride); !set && mistakenForContainer() {
		os.Setenv(hostOverride, "127.0.0.1")
		notes = append(notes, fmt.Sprintf("%s=127.0.0.1 was set: this machine has %s but also the engine's bridge, so published ports are here", hostOverride, containerMark))
	}
	switch value, set := os.LookupEnv(ryukDisabled); {
	case set && value != "true" && truthy(value):
		// testcontainers-go compares with this one word.
		os.Setenv(ryukDisabled, "true")
		notes = append(notes, fmt.Sprintf("%s=%s was read as true, which is the only word that testcontainers-go takes", ryukDisabled, value))
	case !set && !hasRyuk(ctx):
		os.Setenv(ryukDisabled, "true")
		notes = append(notes, fmt.Sprintf("%s=true was set: the image %s is not here; what a killed run leaves is removed by the next run", ryukDisabled, ryukImage))
	}
	return notes
}

// mistakenForContainer says that this machine looks like a container, and runs
// the engine's bridge all the same.
func mistakenForContainer() bool {
	_, err := os.Stat(containerMark)
	return err == nil && sharesNetwork()
}

// sharesNetwork says whether the engine's bridge is a link of this machine.
func sharesNetwork() bool {
	_, err := net.InterfaceByName("docker0")
	return err == nil && runtime.GOOS == "linux"
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func truthy(value string) bool {
	switch strings.ToLower(value) {
	case "1", "t", "true":
		return true
	}
	return false
}

func hasRyuk(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	docker, err := client.New(client.FromEnv)
	if err != nil {
		return false
	}
	defer docker.Close()
	_, err = docker.ImageInspect(ctx, ryukImage)
	return err == nil
}

// usedInstead says so when testcontainers-go passed over the engine that the user
// named, which it does in silence.
func usedInstead(used string) []string {
	named := os.Getenv(dockerHost)
	if named == "" || named == used {
		return nil
	}
	return []string{fmt.Sprintf("%s is %s, where no engine answers; the one at %s is used", dockerHost, named, used)}
}
