module github.com/callboard/callboard/ui

go 1.26

ignore ./node_modules
