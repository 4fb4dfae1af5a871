package check

import "slices"

// The identifiers of findings, each with its usual severity. docs/checks.md has
// the meaning, the cause and the fix of each; a test holds the two together.
const (
	noBootstrap        = "no-bootstrap"
	notAProgram        = "not-a-program"
	notExecutable      = "not-executable"
	wrongMachine       = "wrong-machine"
	muslProgram        = "musl-program"
	missingInterpreter = "missing-interpreter"
	scriptCRLF         = "script-crlf"

	missingLibrary   = "missing-library"
	missingVersion   = "missing-version"
	undefinedSymbol  = "undefined-symbol"
	shadowedLibrary  = "shadowed-library"
	imageLibrary     = "image-library"
	absentInLambda   = "absent-in-lambda"
	shippedGlibc     = "shipped-glibc"
	missingDlopen    = "missing-dlopen"
	unversionedNeed  = "unversioned-library"
	staticNameLookup = "static-nss"
	staticIconv      = "static-iconv"
	brokenELF        = "broken-elf"

	tooLarge         = "too-large"
	largeUpload      = "large-upload"
	unreadable       = "unreadable"
	backslashName    = "backslash-name"
	unsafeName       = "unsafe-name"
	duplicateEntry   = "duplicate-entry"
	caseCollision    = "case-collision"
	symlinkOutside   = "symlink-outside"
	symlinkDangling  = "symlink-dangling"
	specialFile      = "special-file"
	zip64Format      = "zip64"
	zipMethod        = "zip-method"
	encryptedEntry   = "encrypted-entry"
	brokenZip        = "broken-zip"
	unusableRuntime  = "deprecated-runtime"
	tooMuchToInflate = "not-inspected"
)

// severities holds every identifier and the severity that it has unless the
// finding says another.
var severities = map[string]Severity{
	noBootstrap: Error, notAProgram: Error, notExecutable: Error, wrongMachine: Error, muslProgram: Error,
	missingInterpreter: Error, scriptCRLF: Error,
	missingLibrary: Error, missingVersion: Error, undefinedSymbol: Error, shadowedLibrary: Warning,
	imageLibrary: Warning, absentInLambda: Error, shippedGlibc: Warning, missingDlopen: Warning,
	unversionedNeed: Notice, staticNameLookup: Warning, staticIconv: Warning, brokenELF: Error,
	tooLarge: Error, largeUpload: Warning, unreadable: Error, backslashName: Error, unsafeName: Error,
	duplicateEntry: Error, caseCollision: Warning, symlinkOutside: Warning, symlinkDangling: Warning,
	specialFile: Error, zip64Format: Warning, zipMethod: Error, encryptedEntry: Error, brokenZip: Error,
	unusableRuntime: Notice, tooMuchToInflate: Warning,
}

// IDs returns the identifiers of all findings, sorted.
func IDs() []string {
	var ids []string
	for id := range severities {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
