package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"
)

// Files in the results folder.
const (
	jsonFile = "bench.json"
	textFile = "bench.txt"
)

// A bench is bench.json. The figures at its top are medians, null where something
// was not measured; missing says why.
type bench struct {
	EmbeddedSeconds      *float64 `json:"embedded_seconds"`      // whole suite, reference homeserver, one process, from its start to the written report
	SynapseSeconds       *float64 `json:"synapse_seconds"`       // the same against Synapse
	SynapseReplayRatio   *float64 `json:"synapse_replay_ratio"`  // suite to raw replay, without demanded waits
	ExchangeMicroseconds *float64 `json:"exchange_microseconds"` // the suite's own processor time for one exchange
	PeakMemoryMB         *float64 `json:"peak_memory_mb"`        // of the suite alone, with every spec as often as the last of growth

	Machine  machine   `json:"machine"`
	Measured time.Time `json:"measured"`
	Commit   string    `json:"commit"` // of the suite

	Embedded   *paired     `json:"embedded"`
	Synapse    *paired     `json:"synapse"`
	Growth     []grown     `json:"growth"`
	Alone      []grown     `json:"alone"` // growth, with all servers in containers
	Processes  []parallel  `json:"processes"`
	Containers *contained  `json:"containers"`
	Benchmarks []benchmark `json:"benchmarks"`
	Missing    []string    `json:"missing"` // one sentence for each part that was not measured
}

// paired are runs, each with a raw replay of exactly the requests that it sent.
// Seconds of the suite count from the first spec to the written report; processor
// time is that of the suite's process, which the embedded homeserver shares.
type paired struct {
	Seconds          spread `json:"seconds"`          // of the program, from its start to the written report
	StartUpSeconds   spread `json:"start_up_seconds"` // until the first spec begins
	SuiteSeconds     spread `json:"suite_seconds"`
	SuiteCPUSeconds  spread `json:"suite_cpu_seconds"`
	ReplaySeconds    spread `json:"replay_seconds"`
	ReplayCPUSeconds spread `json:"replay_cpu_seconds"`
	Ratio            spread `json:"ratio"` // of seconds, demanded waits taken from both
	RatioWithWaits   spread `json:"ratio_with_waits"`
	OwnCPU           spread `json:"own_cpu_microseconds"`             // (suite - replay) / exchanges
	OwnWall          spread `json:"own_wall_microseconds"`            // the same of seconds, with the pauses between two looks for a mail
	OwnCPUPerRequest spread `json:"own_cpu_microseconds_per_request"` // (suite - replay) / requests
	PeakMB           spread `json:"peak_memory_mb"`                   // of a run, with the tape of its requests

	Exchanges   int            `json:"exchanges"` // requests to the homeserver
	Requests    int            `json:"requests"`  // with those to mailbox and identity servers; here and below of the replay that differed most
	SameStatus  int            `json:"replay_same_status"`
	Repeated    int            `json:"replay_repeated"` // sent again until a mail had come
	Limited     int            `json:"replay_limited"`  // sent again because they came too soon for a rate limit
	WaitSeconds float64        `json:"wait_seconds"`
	Waits       []wait         `json:"demanded_waits"`
	Held        []held         `json:"long_requests"` // half a second and more
	Differ      map[string]int `json:"replay_differs,omitempty"`
}

// grown is a run with every spec several times in the tree.
type grown struct {
	Times           int     `json:"times"`
	Exchanges       int     `json:"exchanges"`
	SuiteSeconds    float64 `json:"suite_seconds"`
	WaitSeconds     float64 `json:"wait_seconds"`
	CPUMicroseconds float64 `json:"cpu_microseconds_per_exchange"` // of the process, with all servers in it unless alone
	PeakMB          float64 `json:"peak_memory_mb"`                // the same, evidence kept
}

// parallel is a run by the ginkgo CLI with so many processes.
type parallel struct {
	Processes  int     `json:"processes"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"` // of all of them
}

// contained is a run with mail catcher and identity servers in containers.
type contained struct {
	Seconds        float64 `json:"seconds"`
	StartUpSeconds float64 `json:"start_up_seconds"`
}

// write keeps a bench in the results folder.
func (b *bench) write(folder string) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, jsonFile), append(text, '\n'), 0o644)
}
