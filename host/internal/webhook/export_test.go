package webhook

// Read is read, for the fuzzer.
var Read = read
