//go:build race

package mockidserver_test

// raceDetector is on: memory and time are not the program's own.
const raceDetector = true
