module dtks/cmd/dukcapil-sim

go 1.26

require github.com/goccy/go-json v0.12.0

require github.com/google/go-cmp v0.7.0
