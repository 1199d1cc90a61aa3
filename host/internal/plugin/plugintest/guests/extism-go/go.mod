module github.com/callboard/callboard/host/internal/plugin/plugintest/guests/extism-go

go 1.26.0

require github.com/extism/go-pdk v1.1.3
