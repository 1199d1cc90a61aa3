// Package principal says on whose behalf a call runs.
//
// Owns: Subject (user, service, plugin, none), Actor (a plugin on the path),
// Authority = subject + actors + mode, and Viewer, the face that every reader takes.
// Does not own: how a subject was authenticated (authn) or what it may do (policy).
// Flow: authn → Authority → plugin adds itself as Actor → capability → readers take Viewer.
package principal
