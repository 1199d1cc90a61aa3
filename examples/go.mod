module github.com/callboard/callboard/examples

go 1.26
