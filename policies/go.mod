module github.com/callboard/callboard/policies

go 1.26.0
