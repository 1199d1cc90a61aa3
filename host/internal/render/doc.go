// Package render does the heavy work on text that a guest should not: it is native and ten times faster.
//
// Owns: markdown to sanitised HTML with headings, HTML sanitising, picking paths of JSON, JSON Schema validation, unified diffs; the limits of each.
// Does not own: YAML (catalog/descriptor), where the text comes from (handles) or who may ask (capability/render).
// Flow: capability/render → one function here → bytes.
package render
