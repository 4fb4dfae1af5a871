package check

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/lambdapack/lambdapack/lambda"
)

// judgeRuntime says where the runtime is in its life.
func (j *judge) judgeRuntime() {
	now, rt := j.opts.Now, j.rt
	if now.IsZero() || !rt.DeprecatedAt(now) {
		return
	}
	const day = "2 January 2006"
	fix := "move on to the runtime after it"
	if rt.Successor != "" {
		fix = "move on with --runtime " + rt.Successor
	}
	switch {
	case !now.Before(rt.UpdateBlocked):
		j.findAs(Warning, unusableRuntime, "", fmt.Sprintf("functions of %s can neither be created nor updated since %s", rt, rt.UpdateBlocked.Format(day)), fix)
	case !now.Before(rt.CreateBlocked):
		j.findAs(Warning, unusableRuntime, "", fmt.Sprintf("functions of %s cannot be created since %s, nor updated from %s on", rt, rt.CreateBlocked.Format(day), rt.UpdateBlocked.Format(day)), fix)
	default:
		j.find(unusableRuntime, "", fmt.Sprintf("%s is deprecated since %s: functions cannot be created from %s on, nor updated from %s on",
			rt, rt.Deprecated.Format(day), rt.CreateBlocked.Format(day), rt.UpdateBlocked.Format(day)), fix)
	}
}

// judgeSizes holds the package against Lambda's limits. A file's size is taken as
// declared, and capped so that a sum cannot overflow.
func (j *judge) judgeSizes() {
	var largest *item
	for _, i := range j.tree.regular() {
		j.report.Files++
		j.report.Unpacked += min(i.size, 1<<40)
		if largest == nil || i.size > largest.size {
			largest = i
		}
	}
	limit := j.opts.MaxUnpacked
	if limit == 0 {
		limit = lambda.MaxUnpacked
	}
	if j.report.Unpacked > limit {
		j.find(tooLarge, "", fmt.Sprintf("%d bytes unpacked, and Lambda takes %d with all layers; the largest file is %s with %d",
			j.report.Unpacked, limit, largest.name, largest.size), "leave files out, or build an image, which may have 10 GB")
	}
	if j.report.Packed > lambda.MaxUploadZip {
		j.find(largeUpload, "", fmt.Sprintf("the zip has %d bytes, and the Lambda API takes %d", j.report.Packed, lambda.MaxUploadZip), "upload it through S3")
	}
}

// judgeNames finds names that collide.
func (j *judge) judgeNames() {
	folded := map[string]string{}
	for _, name := range j.tree.names {
		lower := strings.ToLower(name)
		if other, ok := folded[lower]; ok {
			j.find(caseCollision, name, "its name differs from "+other+" only in letter case: one overwrites the other on macOS and Windows", "rename one of them")
		}
		folded[lower] = name
		for dir, ok := parent(name); ok; dir, ok = parent(dir) {
			if i := j.tree.items[dir]; i != nil && !i.mode.IsDir() {
				j.find(duplicateEntry, name, dir+" is a file or symlink, and cannot be a directory too", "rename one of them")
				break
			}
		}
	}
}

func parent(name string) (string, bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return "", false
	}
	return name[:i], true
}

// judgeModes finds what Lambda's unprivileged user cannot read: "AWS Lambda
// Developer Guide", .zip deployment packages, asks for 644 and 755.
func (j *judge) judgeModes() {
	for _, name := range j.tree.names {
		i := j.tree.items[name]
		perm := i.mode.Perm()
		switch {
		case i.noModes || i.mode&fs.ModeSymlink != 0:
		case i.mode.IsDir() && perm&0o005 != 0o005 && name != ".":
			j.find(unreadable, name, fmt.Sprintf("the directory's mode is %04o: Lambda's user, who is not its owner, cannot enter it", perm), "chmod 755 it, and write the package anew")
		case i.mode.IsRegular() && perm&0o004 == 0:
			j.find(unreadable, name, fmt.Sprintf("its mode is %04o: Lambda's user, who is not its owner, cannot read it", perm), "chmod 644 it, or 755 if it is a program, and write the package anew")
		case i.mode.IsRegular() && perm&0o001 == 0 && name != bootstrap && i.script() && strings.HasPrefix(name, "bin/"):
			j.findAs(Warning, notExecutable, name, fmt.Sprintf("it is a script in bin/, and its mode is %04o", perm), "chmod 755 it, and write the package anew")
		}
	}
}

// judgeLinks finds symlinks that lead nowhere, or out of the package.
func (j *judge) judgeLinks() {
	for _, name := range j.tree.names {
		i := j.tree.items[name]
		if i.mode&fs.ModeSymlink == 0 {
			continue
		}
		inside, ok := linkInside(i)
		switch {
		case !ok && strings.HasPrefix(i.target, lambda.LayerDir+"/") || !ok && strings.HasPrefix(i.target, "/tmp/"):
		case !ok:
			j.find(symlinkOutside, name, "it points out of the package, to "+i.target, "put what it points to into the package, and a relative symlink or a copy in its place")
		case j.tree.resolve(inside) == nil && !j.throughLinks(inside):
			j.find(symlinkDangling, name, "it points to "+i.target+", which the package does not have", "put the target into the package, or leave the symlink out")
		}
	}
}

// throughLinks reports whether a path exists once symlinked directories are
// followed.
func (j *judge) throughLinks(name string) bool {
	for dir, ok := parent(name); ok; dir, ok = parent(dir) {
		i := j.tree.items[dir]
		if i == nil || i.mode&fs.ModeSymlink == 0 {
			continue
		}
		real := j.tree.resolve(dir)
		return real != nil && (j.tree.resolve(real.name+name[len(dir):]) != nil)
	}
	return false
}
