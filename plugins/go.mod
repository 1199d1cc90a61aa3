module github.com/callboard/callboard/plugins

go 1.26.0

require github.com/callboard/callboard/sdk v0.0.0

require (
	github.com/philhofer/fwd v1.2.0 // indirect
	github.com/tinylib/msgp v1.6.5 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
)

replace github.com/callboard/callboard/sdk => ../sdk
