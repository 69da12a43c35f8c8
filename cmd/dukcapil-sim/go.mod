module dtks/cmd/dukcapil-sim

go 1.26

require dtks/pkg v0.0.0

replace dtks/pkg => ../../pkg
