// Package condition says of which resources something holds, as data: what policy leaves open when it does not know the
// resource, to be asked of each, or to be put into a query.
//
// Owns: the projection of an entity that policies read (Resource), conditions as a tree, evaluating and printing them.
// Does not own: Rego and how a condition comes of it (policy), which resources there are (catalog/index).
// Flow: policy → Node → Holds(Resource), once for each resource.
package condition
