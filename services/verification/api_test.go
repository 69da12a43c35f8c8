package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The bodies of a batch are read and written raw; the description must still give their fields.
func TestOpenAPI_DescribesBatches(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(newServer(&service{}, nil))
	t.Cleanup(server.Close)
	res, err := http.Get(server.URL + "/openapi.json")
	if err != nil {
		t.Fatalf("reading the description: %v", err)
	}
	defer res.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
			Responses map[string]any
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		t.Fatalf("decoding the description: %v", err)
	}
	batch := doc.Paths["/v1/decisions/batch"]["post"]
	if ref := batch.RequestBody.Content["application/json"].Schema.Ref; !strings.HasSuffix(ref, "/BatchBody") {
		t.Errorf("got schema %q for the body, want BatchBody", ref)
	}
	if batch.Responses["200"] == nil {
		t.Error("the answer is not described")
	}
}
