package web

import (
	"strconv"
	"strings"

	"dtks/pkg/fault"
)

// ETag spells the strong entity tag of a resource's version.
func ETag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

var errIfMatch = fault.New(fault.Precondition, "version_outdated",
	"Data sudah berubah sejak Anda membacanya.", "The record has changed since you read it.")

// CheckIfMatch returns a precondition fault unless an If-Match header allows a write to a resource at version. No
// header, and *, allow any.
func CheckIfMatch(header string, version int64) error {
	if header == "" {
		return nil
	}
	want := ETag(version)
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == want {
			return nil
		}
	}
	return errIfMatch
}
