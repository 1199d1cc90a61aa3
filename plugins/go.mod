module github.com/callboard/callboard/plugins

go 1.26
