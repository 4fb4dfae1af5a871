// Package check gives verdicts on a finished package before it is deployed: what
// would fail in AWS Lambda, why, and what to do about it.
//
// It reads a zip, a directory, a single ELF file or a package that is still in
// the making, unpacks it in thought to /var/task of a runtime, and goes the way
// of Lambda's dynamic loader: which file would each soname of each object really
// resolve to, and would that file do. What the runtime has is known from package
// lambda's table, or read from a real root file system.
//
// What it guarantees:
//
//   - Nothing is executed, nothing is written, nothing outside of the package
//     and the given root file system is read.
//   - Hostile packages are harmless: entries are inflated only as far as they are
//     needed, at most [MaxInflated] bytes in all, and an entry that lies about its
//     size is a finding.
//   - The same package gives the same report, in the same order.
//   - A finding's identifier is stable and documented in docs/checks.md.
package check
