package pack

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/lambdapack/lambdapack/lambda"
)

// Written is what became of a package.
type Written struct {
	// SHA256 is the digest of the zip's bytes; a directory has none.
	SHA256 [sha256.Size]byte
	// Size is the zip's length in bytes; 0 for a directory.
	Size int64
	// Unchanged is true where the file already was what was to be written, and
	// is left untouched.
	Unchanged bool
}

// Hex returns the digest in hexadecimal.
func (w Written) Hex() string { return hex.EncodeToString(w.SHA256[:]) }

// Base64 returns the digest as Lambda's CodeSha256 and Terraform's
// source_code_hash have it.
func (w Written) Base64() string { return base64.StdEncoding.EncodeToString(w.SHA256[:]) }

// OverUploadLimit reports whether the zip is too large for the Lambda API and
// must be uploaded through S3.
func (w Written) OverUploadLimit() bool { return w.Size > lambda.MaxUploadZip }

// Staged is an output that is complete, beside its destination. So several can
// be written, and none takes effect unless all succeed.
type Staged struct {
	Written
	commit  func() error
	discard func()
}

// Commit puts the output in the place of the previous one. On an error the
// previous one is still there.
func (s *Staged) Commit() error {
	if s.commit == nil {
		return nil
	}
	commit := s.commit
	s.commit, s.discard = nil, nil
	return commit()
}

// Discard removes the output, unless it was committed.
func (s *Staged) Discard() {
	if s.discard != nil {
		s.discard()
		s.commit, s.discard = nil, nil
	}
}

func unchanged(w Written) *Staged {
	w.Unchanged = true
	return &Staged{Written: w}
}
