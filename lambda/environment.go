package lambda

import "slices"

// RuntimeDir is the directory of LAMBDA_RUNTIME_DIR.
const RuntimeDir = "/var/runtime"

// LayerDir is the directory that layers are unpacked to.
const LayerDir = "/opt"

// The search paths of a function's environment, after "Using Lambda environment
// variables" of the AWS Lambda Developer Guide. In LD_LIBRARY_PATH the system's
// directories come before the package's own.
var (
	libraryPath = []string{"/var/lang/lib", LibDir, "/usr/lib64", RuntimeDir, RuntimeDir + "/lib", TaskRoot, TaskRoot + "/lib", LayerDir + "/lib"}
	commandPath = []string{"/usr/local/bin", "/usr/bin", "/bin", LayerDir + "/bin"}
)

// LibraryPath returns the directories of LD_LIBRARY_PATH in order.
func LibraryPath() []string { return slices.Clone(libraryPath) }

// Path returns the directories of PATH in order.
func Path() []string { return slices.Clone(commandPath) }

// interpreters are programs that scripts are written for and that both base
// images have, by name. They lie in /usr/bin, and /bin is a symlink to it.
var interpreters = []string{"sh", "bash", "env", "awk", "sed"}

// HasInterpreter reports whether the runtime is known to have the program at a
// path, one that a script can be written for. Neither runtime has Python 3, Node
// or another language.
func (r *Runtime) HasInterpreter(file string) bool {
	for _, name := range interpreters {
		if file == "/bin/"+name || file == "/usr/bin/"+name {
			return true
		}
	}
	return false
}
