// Command tally adds up what every test suite reported and prints one closing line.
//
// Owns: reading JUnit XML (gotestsum, vitest, Playwright, Node), `opa test --format=json` and the checks of scripts/report.sh.
// Does not own: running anything; scripts/test.sh and scripts/lint.sh do.
// Flow: FOLDER/<suite>.xml, FOLDER/<suite>.opa.json, FOLDER/checks.tsv → a table → "N passed, N failed, N skipped", exit code 1 on a failure.
package main
