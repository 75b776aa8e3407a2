package requirements

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// sound is an entry without a mistake.
const sound = `
- id: GROUP-001-some-rule
  kind: per-operation
  operations: [add3PID, bind3PID]
  touches: [getAccount3PIDs]
  level: MUST
  enforcement: hard
  since: v1.2
  until: v1.19
  needs: [mail]
  variant: oauth
  conditions:
    bind3PID: {needs: [identity-server]}
  strictly: {enforcement: strict, since: v1.13, statement: The errcode is one that exists.}
  declines:
    - {key: not-here, means: The server may refuse this lawfully., status: [400], errcodes: [M_FORBIDDEN]}
  statement: Something is demanded of the server here.
  link: client-server-api/#some-section
  typical_bug: The server gets it wrong.
  introduced: "0.1.0"
`

// soundFiles has one sound entry in the file of each of two groups.
func soundFiles() fstest.MapFS {
	files := fstest.MapFS{}
	for folder, group := range map[string]string{"common": "gen", "contact": "add"} {
		files[folder+"/"+group+".yaml"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(sound, "GROUP", group))}
	}
	return files
}

func TestLoadAcceptsSoundFiles(t *testing.T) {
	c, err := load(soundFiles())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.entries) != 2 || c.entries[0].ID != "gen-001-some-rule" {
		t.Errorf("expected the entries of both files in the order of their names, got %v", c.entries)
	}
}

func TestLoadFillsInDefaults(t *testing.T) {
	files := soundFiles()
	edit(files, "  operations: [add3PID, bind3PID]\n  touches: [getAccount3PIDs]\n", "  operations: all\n")
	edit(files, "  kind: per-operation\n", "")
	edit(files, "  introduced: \"0.1.0\"\n", "")
	edit(files, "  since: v1.2\n", "")
	edit(files, "since: v1.13, ", "")
	c, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	entry := c.entries[0]
	if !slices.Equal(entry.Operations, Operations()) {
		t.Errorf("all: expected every operation, got %v", entry.Operations)
	}
	if entry.Kind != PerOperation || entry.Introduced != "0.1.0" {
		t.Errorf("kind and introduced: expected per-operation and 0.1.0, got %s and %s", entry.Kind, entry.Introduced)
	}
	if entry.Since != "v1.1" || entry.Strictly.Since != "v1.1" {
		t.Errorf("since: expected v1.1 for the entry and its half, got %s and %s", entry.Since, entry.Strictly.Since)
	}
}

// edit replaces a part of common/gen.yaml.
func edit(files fstest.MapFS, old, replacement string) {
	data := string(files["common/gen.yaml"].Data)
	if !strings.Contains(data, old) {
		panic("the sound entry has no " + old)
	}
	files["common/gen.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(data, old, replacement, 1))}
}

func TestLoadNamesTheMistake(t *testing.T) {
	second := strings.ReplaceAll(sound, "GROUP", "gen")
	for name, c := range map[string]struct{ old, replacement, says string }{
		"unknown key":             {"  level: MUST", "  levle: MUST", "levle"},
		"repeated key":            {"  level: MUST", "  level: MUST\n  level: MAY", "already defined"},
		"second document":         {`  introduced: "0.1.0"`, "  introduced: \"0.1.0\"\n---\n- id: gen-002-other", "single YAML document"},
		"repeated id":             {`  introduced: "0.1.0"`, `  introduced: "0.1.0"` + second, "the id occurs twice"},
		"number not ascending":    {`  introduced: "0.1.0"`, `  introduced: "0.1.0"` + strings.ReplaceAll(second, "some-rule", "other-rule"), "does not come after number 001"},
		"id of another group":     {"gen-001-some-rule", "add-002-some-rule", "expected an id such as gen-001"},
		"id without a slug":       {"gen-001-some-rule", "gen-001", "expected an id such as gen-001"},
		"unknown kind":            {"kind: per-operation", "kind: saga", "kind: expected one of"},
		"scenario with two rows":  {"kind: per-operation", "kind: scenario", "owned by one operation"},
		"unknown operation":       {"[add3PID, bind3PID]", "[add3PID, bindPID]", `got "bindPID"`},
		"operation repeated":      {"[add3PID, bind3PID]", "[add3PID, add3PID]", "repeated or out of order"},
		"operations out of order": {"[add3PID, bind3PID]", "[bind3PID, add3PID]", "repeated or out of order"},
		"no operation":            {"[add3PID, bind3PID]", "[]", "expected at least one"},
		"operations no list":      {"[add3PID, bind3PID]", "some", "expected all or a list"},
		"touches an own one":      {"touches: [getAccount3PIDs]", "touches: [add3PID]", "among the operations already"},
		"unknown level":           {"level: MUST", "level: must", "level: expected one of"},
		"unknown enforcement":     {"enforcement: hard", "enforcement: firm", "enforcement: expected one of"},
		"hard SHOULD":             {"level: MUST", "level: SHOULD", "a SHOULD is strict at most"},
		"strict MAY":              {"level: MUST\n  enforcement: hard", "level: MAY\n  enforcement: strict", "a MAY is info"},
		"hard_because of a MUST":  {"  since: v1.2", "  hard_because: add-001-some-rule\n  since: v1.2", "only for a SHOULD"},
		"hard_because of nothing": {"level: MUST\n", "level: SHOULD\n  hard_because: add-009-none\n", "expected the id of a MUST"},
		"hard_because of itself":  {"level: MUST\n", "level: SHOULD\n  hard_because: gen-001-some-rule\n", "expected the id of a MUST"},
		"hard half":               {"{enforcement: strict", "{enforcement: hard", "never hard"},
		"half as strong":          {"enforcement: hard", "enforcement: info", "enforced more weakly"},
		"half without statement":  {"statement: The errcode is one that exists.", "statement: ''", "strictly: statement"},
		"half before its entry":   {"since: v1.13", "since: v1.1", "not before v1.2"},
		"bad since":               {"since: v1.2", "since: 1.2", "since: expected a version"},
		"bad until":               {"until: v1.19", "until: v1.19.0", "until: expected a version"},
		"until before since":      {"until: v1.19", "until: v1.1", "not before v1.2"},
		"unknown need":            {"needs: [mail]", "needs: [post]", "needs: expected one of"},
		"unknown variant":         {"variant: oauth", "variant: guests", "variant: expected one of"},
		"unknown also_on":         {"variant: oauth", "also_on: [guests]", "also_on: expected one of"},
		"condition of a stranger": {"    bind3PID: {", "    post3PIDs: {", `"post3PIDs" is not among the operations`},
		"condition of nothing":    {"bind3PID: {needs: [identity-server]}", "bind3PID: {}", "expected needs or a variant"},
		"condition's variant":     {"bind3PID: {needs: [identity-server]}", "bind3PID: {variant: guests}", "variant of bind3PID: expected one of"},
		"bad decline key":         {"key: not-here", "key: Not here", "kebab case"},
		"decline key repeated":    {"  declines:\n", "  declines:\n    - {key: not-here, means: The same key once more.}\n", "distinct keys"},
		"decline without meaning": {"means: The server may refuse this lawfully.", "means: No.", "decline not-here: expected 20 to 400"},
		"bad status":              {"status: [400]", "status: [40]", "40 is no HTTP status"},
		"bad errcode":             {"errcodes: [M_FORBIDDEN]", "errcodes: [Forbidden]", "is no errcode"},
		"empty statement":         {"  statement: Something is demanded of the server here.", "  statement: ''", "statement: expected 20 to 400 characters, got 0"},
		"statement without end":   {"of the server here.", "of the server here", "end in a full stop"},
		"no typical bug":          {"typical_bug: The server gets it wrong.", "typical_bug: ''", "typical_bug: expected one line"},
		"link with a version":     {"client-server-api/#", "v1.6/client-server-api/#", "without host and version"},
		"bad introduced":          {`"0.1.0"`, `"v1"`, "introduced: expected a version of the suite"},
	} {
		t.Run(name, func(t *testing.T) {
			files := soundFiles()
			edit(files, c.old, c.replacement)
			_, err := load(files)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("expected an error that says %q, got: %v", c.says, err)
			}
		})
	}
}

// A MUST that only gates with strict: true cannot make a SHOULD gate without it.
func TestHardBecauseOfAStrictMust(t *testing.T) {
	files := soundFiles()
	edit(files, "enforcement: hard", "enforcement: strict")
	should := strings.ReplaceAll(sound, "GROUP-001", "gen-002")
	should = strings.Replace(should, "level: MUST\n", "level: SHOULD\n  hard_because: gen-001-some-rule\n", 1)
	edit(files, `  introduced: "0.1.0"`, `  introduced: "0.1.0"`+should)
	_, err := load(files)
	if err == nil || !strings.Contains(err.Error(), "gen-002-some-rule: hard_because: expected the id of a MUST with enforcement hard") {
		t.Errorf("expected an error about hard_because, got: %v", err)
	}
}

func TestLoadNamesEveryMistake(t *testing.T) {
	files := soundFiles()
	edit(files, "level: MUST", "level: WISH")
	edit(files, "needs: [mail]", "needs: [luck]")
	_, err := load(files)
	if err == nil || !strings.Contains(err.Error(), "WISH") || !strings.Contains(err.Error(), "luck") {
		t.Errorf("expected both mistakes, got: %v", err)
	}
}
