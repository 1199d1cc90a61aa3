// Package lifecycle tests the life of plugins on whole portals: install to removal, through HTTP.
//
// Owns: a plugin that is built once and cut into versions, the operator of the tests, the load.
// Does not own: the installer's rules (plugin/install), swapping itself (plugin), the store's promises.
// Flow: apptest boots one portal or two on one database → an operator's requests → what serves.
// It has tests only.
package lifecycle
