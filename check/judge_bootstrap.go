package check

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/lambdapack/lambdapack/lambda"
	"github.com/lambdapack/lambdapack/ldd"
)

// judgeBootstrap judges the executable that the runtime starts.
func (j *judge) judgeBootstrap() {
	if j.source.form == "file" {
		return
	}
	listed := j.tree.items[bootstrap]
	i := j.tree.resolve(bootstrap)
	switch {
	case listed == nil:
		j.find(noBootstrap, "", "there is no file named bootstrap in the package's root"+j.elsewhere(), j.bootstrapFix())
		return
	case i == nil:
		j.find(noBootstrap, bootstrap, "it is a symlink to "+listed.target+", which the package does not have", "put the program itself there")
		return
	case i.mode.IsDir():
		j.find(noBootstrap, bootstrap, "it is a directory", "put the program there")
		return
	}
	j.judgeExecutable(i)
	if !i.elf() && !i.script() {
		j.find(notAProgram, bootstrap, "it is neither an ELF file nor a script: "+describe(i.head), "put a Linux program there")
	}
}

// elsewhere says where a bootstrap is, if not in the root: zips are often made
// from the directory above.
func (j *judge) elsewhere() string {
	for _, name := range j.tree.names {
		if base := name[strings.LastIndexAny(name, `/\`)+1:]; strings.EqualFold(base, bootstrap) || strings.EqualFold(base, "bootstrap.exe") {
			return "; there is " + name
		}
	}
	return ""
}

func (j *judge) bootstrapFix() string {
	if at := j.elsewhere(); strings.Contains(at, "/bootstrap") {
		return "make the zip inside of the directory that holds bootstrap"
	}
	return "name the program bootstrap; lambdapack build does"
}

func (j *judge) judgeExecutable(i *item) {
	switch {
	case i.noModes && j.source.form == "zip":
		j.find(notExecutable, bootstrap, "the zip was written on a system without permissions, and says not that it is a program", "write the zip with lambdapack build, or on Linux or macOS")
	case !i.noModes && i.mode.Perm()&0o005 != 0o005:
		j.find(notExecutable, bootstrap, fmt.Sprintf("its mode is %04o: Lambda's user, who is not its owner, cannot run it", i.mode.Perm()), "chmod 755 it, and write the package anew")
	}
}

// describe says what a file looks like that should be a program.
func describe(head []byte) string {
	for _, kind := range []struct{ magic, name string }{
		{"MZ", "a Windows program"}, {"\xcf\xfa\xed\xfe", "a macOS program"}, {"\xca\xfe\xba\xbe", "a macOS program or a Java class"},
		{"PK\x03\x04", "a zip"}, {"\x1f\x8b", "a gzip file"}, {"!<arch>", "a static library"}, {"\xef\xbb\xbf#!", "a script behind a byte order mark"},
	} {
		if bytes.HasPrefix(head, []byte(kind.magic)) {
			return kind.name
		}
	}
	if len(head) == 0 {
		return "it is empty"
	}
	return fmt.Sprintf("it begins with %.32q", head)
}

// judgeMachines finds ELF files that the target's machine cannot run or load.
func (j *judge) judgeMachines() {
	for _, name := range j.elfNames() {
		f := j.files[name]
		a, ok := archOf(f)
		switch {
		case ok && (j.arch == nil || *j.arch == a):
			continue
		case name == j.source.main && !ok:
			j.find(wrongMachine, name, "it is for "+f.MachineName()+", and Lambda has x86_64 and arm64 (aarch64)", "build it for one of them")
		case name == j.source.main:
			j.find(wrongMachine, name, fmt.Sprintf("it is for %s, and the function is for %s", f.MachineName(), j.arch.Terraform()),
				fmt.Sprintf("build it for %s, or create the function with the architecture %s", j.arch.Terraform(), a.Terraform()))
		case j.arch == nil:
		default:
			s := Warning
			if j.expected(name) {
				s = Error
			}
			j.findAs(s, wrongMachine, name, fmt.Sprintf("it is for %s, and the function is for %s", f.MachineName(), j.arch.Terraform()),
				"put the file for "+j.arch.Terraform()+" there, or leave it out")
		}
	}
}

func (j *judge) elfNames() (names []string) {
	for name := range j.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// loadable reports whether the file is one that the target's loader takes.
func (j *judge) loadable(f *ldd.File) bool {
	a, ok := archOf(f)
	return ok && (j.arch == nil || *j.arch == a) && (f.Type == 2 || f.Type == 3)
}

// judgeScripts judges the first line of bootstrap, where it is a script.
func (j *judge) judgeScripts() {
	i := j.tree.resolve(bootstrap)
	if i == nil || !i.script() {
		return
	}
	line, _, complete := bytes.Cut(i.head[2:], []byte("\n"))
	if bytes.HasSuffix(line, []byte("\r")) || !complete && bytes.Contains(line, []byte("\r")) {
		j.find(scriptCRLF, bootstrap, "its lines end with CR LF: the kernel looks for an interpreter named "+fmt.Sprintf("%q", firstField(line)+"\r"),
			"write it with Unix line ends; in git, set eol=lf for it in .gitattributes")
		line = bytes.TrimRight(line, "\r")
	}
	interp, arg, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	j.judgeInterpreter(interp)
	if path.Base(interp) == "env" {
		if program := firstField([]byte(strings.TrimPrefix(strings.TrimSpace(arg), "-S "))); program != "" {
			j.judgeEnvInterpreter(program)
		}
	}
}

func firstField(line []byte) string {
	if fields := strings.Fields(string(line)); len(fields) > 0 {
		return fields[0]
	}
	return ""
}

const fixInterpreter = "use /bin/sh or /bin/bash, or put the interpreter into the package and name it there"

// judgeInterpreter judges the path behind "#!".
func (j *judge) judgeInterpreter(interp string) {
	name, ours := inPackage(path.Clean(interp))
	switch {
	case interp == "":
		j.find(missingInterpreter, bootstrap, "its first line names no interpreter", fixInterpreter)
	case !path.IsAbs(interp):
		j.find(missingInterpreter, bootstrap, "its interpreter "+interp+" is a relative path", fixInterpreter)
	case ours && j.tree.resolve(name) == nil:
		j.find(missingInterpreter, bootstrap, "its interpreter "+interp+" is not in the package", fixInterpreter)
	case ours:
	case strings.HasPrefix(interp, "/opt/"):
		j.findAs(Warning, missingInterpreter, bootstrap, "its interpreter "+interp+" must come with a layer", "create the function with that layer")
	case !j.hasProgram(interp):
		j.find(missingInterpreter, bootstrap, "its interpreter "+interp+" is not "+j.where(), fixInterpreter)
	}
}

// judgeEnvInterpreter judges the program of "#!/usr/bin/env program".
func (j *judge) judgeEnvInterpreter(program string) {
	if strings.Contains(program, "/") {
		j.judgeInterpreter(program)
		return
	}
	for _, dir := range lambda.Path() {
		if j.hasProgram(dir + "/" + program) {
			return
		}
	}
	j.find(missingInterpreter, bootstrap, "its interpreter "+program+" is not "+j.where(), fixInterpreter)
}

// hasProgram reports whether the runtime has a program.
func (j *judge) hasProgram(file string) bool {
	if j.opts.Rootfs != nil {
		_, err := j.opts.Rootfs.RealPath(file)
		return err == nil
	}
	return j.rt.HasInterpreter(file)
}

// where names what the package is held against.
func (j *judge) where() string {
	if j.opts.Rootfs != nil {
		return "in the root file system"
	}
	return "in " + j.rt.Name
}
