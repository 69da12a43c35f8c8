// Contract writes the documents generated from package event: one JSON Schema per type, an AsyncAPI 3 document and the
// event catalogue. Run it from the root of the repository: go run ./pkg/event/contract
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/invopop/jsonschema"

	"dtks/pkg/bus"
	"dtks/pkg/event"
)

const folder = "docs/contract"

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	r := &jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true, DoNotReference: true}
	if err := r.AddGoComments("dtks/pkg/event", "./pkg/event", jsonschema.WithFullComment()); err != nil {
		return err
	}
	// Comments are keyed by folder; the reflector looks them up by import path.
	comments := map[string]string{}
	for key, text := range r.CommentMap {
		comments["dtks/pkg/event"+key[strings.LastIndex(key, "event")+len("event"):]] = strings.Join(strings.Fields(text), " ")
	}
	r.CommentMap = comments
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, e := range event.Catalogue() {
		if err := write(filepath.Join(folder, string(e.Type)+".json"), schema(r, e)); err != nil {
			return err
		}
	}
	if err := write(filepath.Join(folder, "asyncapi.json"), asyncAPI()); err != nil {
		return err
	}
	return os.WriteFile("docs/events.md", catalogue(), 0o644)
}

func write(file string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(raw, '\n'), 0o644)
}

// schema describes the payload (data) of a type and, beside it, the plaintext of its sealed classes.
func schema(r *jsonschema.Reflector, e event.Entry) *jsonschema.Schema {
	s := r.ReflectFromType(reflect.TypeOf(e.Payload))
	s.ID = jsonschema.ID(event.SchemaOf(e.Type))
	s.Version = "https://json-schema.org/draft/2020-12/schema"
	s.Title = string(e.Type)
	s.Description = "Published when " + e.When + "."
	if len(e.Classes) > 0 {
		s.Definitions = jsonschema.Definitions{}
	}
	for class, plain := range e.Classes {
		d := r.ReflectFromType(reflect.TypeOf(plain))
		d.Version, d.ID = "", ""
		s.Definitions["sealed_"+string(class)] = d
	}
	return s
}

// asyncAPI lists channels (subjects), messages and who sends and receives them.
func asyncAPI() map[string]any {
	channels, messages, operations := map[string]any{}, map[string]any{}, map[string]any{}
	for _, e := range event.Catalogue() {
		name := strings.NewReplacer(".", "_", "-", "_").Replace(string(e.Type))
		channels[name] = map[string]any{
			"address":  string(e.Type) + ".{filter}.{province}.{regency}.{id}",
			"messages": map[string]any{name: ref("#/components/messages/" + name)},
			"parameters": map[string]any{
				"filter":   map[string]any{"description": e.Filters},
				"province": map[string]any{"description": "Kemendagri province code; 00 = national"},
				"regency":  map[string]any{"description": "Kemendagri regency code; 00 = the whole province"},
				"id":       map[string]any{"description": "aggregate id: " + e.ID},
			},
		}
		messages[name] = map[string]any{
			"name":        string(e.Type),
			"summary":     "Published when " + e.When + ".",
			"contentType": "application/json",
			"payload":     map[string]any{"allOf": []any{ref("#/components/schemas/envelope"), map[string]any{"type": "object", "properties": map[string]any{"data": map[string]any{"$ref": "./" + string(e.Type) + ".json"}}}}},
		}
		operations["send_"+name] = map[string]any{"action": "send", "channel": ref("#/channels/" + name), "summary": e.Owner + " publishes"}
		for _, service := range consumers(e.Type) {
			id := "receive_" + name + "_by_" + strings.ReplaceAll(service, "-", "_")
			operations[id] = map[string]any{"action": "receive", "channel": ref("#/channels/" + name), "summary": service + " consumes"}
		}
	}
	return map[string]any{
		"asyncapi":           "3.0.0",
		"info":               map[string]any{"title": "DTKS events", "version": "1.0.0", "license": map[string]any{"name": "Apache-2.0"}},
		"defaultContentType": "application/json",
		"servers":            map[string]any{"local": map[string]any{"host": "127.0.0.1:8410", "protocol": "nats", "description": "the broker of dtks up"}},
		"channels":           channels,
		"operations":         operations,
		"components":         map[string]any{"messages": messages, "schemas": map[string]any{"envelope": envelope()}},
	}
}

func ref(to string) map[string]any { return map[string]any{"$ref": to} }

func envelope() map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{
		"type":     "object",
		"required": []string{"specversion", "id", "source", "type", "subject", "time", "version", "data"},
		"properties": map[string]any{
			"specversion": map[string]any{"const": "1.0"}, "id": map[string]any{"type": "string", "format": "uuid"},
			"source": text, "type": text, "subject": text, "time": map[string]any{"type": "string", "format": "date-time"},
			"datacontenttype": text, "dataschema": text, "version": map[string]any{"type": "integer", "minimum": 1},
			"cause": text, "traceparent": text, "data": map[string]any{"type": "object"},
		},
	}
}

func consumers(t event.Type) []string {
	var out []string
	for service, types := range bus.Subscriptions {
		if slices.Contains(types, t) {
			out = append(out, service)
		}
	}
	if t.Noun() == "key" {
		for _, readers := range bus.Grants[t.Service()] {
			for _, r := range readers {
				if !slices.Contains(out, r) {
					out = append(out, r)
				}
			}
		}
	}
	sort.Strings(out)
	return out
}

// catalogue is docs/events.md.
func catalogue() []byte {
	var b bytes.Buffer
	b.WriteString(`# Events

Generated from ` + "`pkg/event` and `pkg/bus` by `go run ./pkg/event/contract`" + `; do not edit.

Every event is a CloudEvents 1.0 envelope in JSON on the subject
` + "`<service>.<noun>.<verb>.v<N>.<filter>.<province>.<regency>.<id>`" + `. It carries the whole state of its aggregate: the newest
is enough. Versions of an aggregate are 1..n without gap; apply any version above the one you have, and delete on
` + "`state: moved`" + ` when you follow one area only. JSON Schemas and the AsyncAPI document are in [contract/](contract/).

| Event | Owner | Filter | Aggregate id | Published when | Consumers |
|---|---|---|---|---|---|
`)
	for _, e := range event.Catalogue() {
		fmt.Fprintf(&b, "| [`%s`](contract/%s.json) | %s | %s | %s | %s | %s |\n",
			e.Type, e.Type, e.Owner, strings.ReplaceAll(e.Filters, "|", "or"), e.ID, e.When, strings.Join(consumers(e.Type), ", "))
	}
	b.WriteString(`
## Personal fields: class and readers

Personal fields travel only in ` + "`data.sealed`" + `, one ciphertext per class. A reader holds the keys of the classes granted
to it and of no other. Birth date and sex are in two classes on purpose: a decision needs ages without names.

| Event | Class | Fields | Readers |
|---|---|---|---|
`)
	for _, e := range event.Catalogue() {
		for _, class := range []event.Class{event.Identity, event.Survey, event.Sensitive} {
			plain, ok := e.Classes[class]
			if !ok {
				continue
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.Type, class, strings.Join(fields(reflect.TypeOf(plain), ""), ", "),
				strings.Join(bus.Grants[e.Owner][class], ", "))
		}
		if e.Type == event.TypeRegistrantUpdated {
			fmt.Fprintf(&b, "| `%s` (person) | %s | %s | %s |\n", e.Type, event.Identity,
				strings.Join(fields(reflect.TypeOf(event.PersonIdentity{}), ""), ", "), strings.Join(bus.Grants[e.Owner][event.Identity], ", "))
		}
	}
	return b.Bytes()
}

// fields names the JSON members of a struct, nested ones with their path.
func fields(t reflect.Type, prefix string) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			out = append(out, fields(ft, prefix+name+".")...)
			continue
		}
		out = append(out, prefix+name)
	}
	return out
}
