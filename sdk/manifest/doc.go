// Package manifest is plugin.yaml: what a plugin is, asks for and adds.
//
// Owns: the manifest's types, its strict parser, its JSON Schema, the check
// against the code, and the custom section that repeats it in the module.
// Does not own: grants (the operator's), what a capability or an extension does (the host).
// Flow: plugin.yaml → Parse → Manifest → Check against describe/1 → WriteSection → host reads it before running anything.
// Guests never link it: it needs a YAML parser.
package manifest
