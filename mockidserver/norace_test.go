//go:build !race

package mockidserver_test

const raceDetector = false
