package lambda

// Limits of Lambda in bytes, after "Lambda quotas" of the AWS Lambda Developer
// Guide. The guide's MB and GB are powers of two.
const (
	// MaxUploadZip is the size of a zip that the API takes directly; a larger
	// one goes through S3.
	MaxUploadZip = 50 << 20
	// MaxUnpacked is the size of a zip function unpacked, its layers included.
	MaxUnpacked = 250 << 20
	// MaxImageUnpacked is the size of an image unpacked.
	MaxImageUnpacked = 10 << 30
)

// Bootstrap is the name of the executable that an OS-only runtime starts, and
// the handler's name that deployment tools are given for one.
const Bootstrap = "bootstrap"

// TaskRoot is the directory that a package is unpacked to.
const TaskRoot = "/var/task"
