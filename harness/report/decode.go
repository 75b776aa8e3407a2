package report

import (
	"encoding/json"
	"errors"

	"github.com/tidwall/gjson"

	"threepid-conformance/harness/exchange"
)

// decode reads a line of exchanges.jsonl, which the recorder wrote. It is called
// for every exchange of a run; json.Unmarshal takes several times as long.
func decode(line []byte) (r exchange.Record, err error) {
	if !gjson.ValidBytes(line) {
		return r, errors.New("the line is not JSON")
	}
	gjson.Parse(string(line)).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "id":
			r.ID = value.String()
		case "party":
			r.Party = value.String()
		case "spec":
			r.Spec = value.String()
		case "operation":
			r.Operation = value.String()
		case "started":
			r.Started = value.String()
		case "ms":
			r.Millis = value.Float()
		case "request":
			r.Request = decodeMessage(value)
		case "response":
			m := decodeMessage(value)
			r.Response = &m
		case "error":
			r.Error = value.String()
		case "notes":
			r.Notes = decodeList(value)
		case "findings": // few exchanges have any
			err = json.Unmarshal([]byte(value.Raw), &r.Findings)
		}
		return err == nil
	})
	return r, err
}

func decodeMessage(message gjson.Result) (m exchange.Message) {
	message.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "method":
			m.Method = value.String()
		case "url":
			m.URL = value.String()
		case "status":
			m.Status = int(value.Int())
		case "headers":
			m.Headers = map[string][]string{}
			value.ForEach(func(name, values gjson.Result) bool {
				m.Headers[name.String()] = decodeList(values)
				return true
			})
		case "body":
			m.Body = value.String()
		case "truncated":
			m.Truncated = value.Bool()
		}
		return true
	})
	return m
}

func decodeList(list gjson.Result) []string {
	texts := make([]string, 0, 1) // most headers have one value
	list.ForEach(func(_, value gjson.Result) bool {
		texts = append(texts, value.String())
		return true
	})
	return texts
}
