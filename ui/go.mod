module github.com/callboard/callboard/ui

go 1.26.0

ignore ./node_modules
