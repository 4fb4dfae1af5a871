// Package build compiles functions: a [Builder] turns source into an
// [Artifact], an executable for a target. Builders run the real tools of each
// language through a [Runner], print nothing and read no environment but the
// one that they are given.
package build

import (
	"context"

	"github.com/lambdapack/lambdapack/lambda"
)

// Artifact is an executable that is ready to be packaged.
type Artifact struct {
	// Function is the name of the function that it is the program of.
	Function string
	// Path is where the executable lies. It stays there, unchanged, until the
	// builder is closed.
	Path string
	// ID names the content, as pack.File.ID does. Empty: not known.
	ID string
	// Target is what it was built for.
	Target lambda.Target
	// Sysroot is the directory whose libraries it was linked with, "/" for the
	// host's own. Empty: it was linked with none.
	Sysroot string
	// LibraryPath holds directories inside the sysroot to search before the
	// loader's own.
	LibraryPath []string
}

// Builder compiles one or more functions of one target.
type Builder interface {
	// Build compiles all functions and calls ready with each, as soon as its
	// executable is complete, never twice for one and never after it has
	// returned. Calls may come from several goroutines at once.
	Build(ctx context.Context, ready func(Artifact)) error
	// Close lets go of the artifacts.
	Close() error
}
