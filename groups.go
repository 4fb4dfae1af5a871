package lambdapack

import (
	"encoding/json"
	"strings"

	"github.com/lambdapack/lambdapack/build"
)

// builders groups what one go build can compile together: the same module,
// machine and settings, and no two executables of one name.
func (p *pipeline) builders() []build.Builder {
	groups := map[string][]*build.Go{} // by key, in slots
	var all []build.Builder
	for _, j := range p.jobs {
		f := j.Function
		p.report(Event{Function: f.Name, Step: StepCompile})
		key := groupKey(f)
		slot := 0
		for slot < len(groups[key]) && taken(groups[key][slot], f.Package.ExecName()) {
			slot++
		}
		if slot == len(groups[key]) {
			g := &build.Go{
				Runner: p.opts.Runner, Env: p.opts.Env, Set: f.Env, Dir: p.opts.Dir, Target: f.Target, Tags: f.Tags,
				Ldflags: f.Ldflags, CGO: f.CGO, C: build.CCompiler{Command: f.CC, Sysroot: f.Sysroot},
				KeepSymbols: f.Strip != nil && !*f.Strip, Cache: p.opts.Cache, Slot: slot, Jobs: p.opts.Jobs,
			}
			groups[key] = append(groups[key], g)
			all = append(all, g)
		}
		g := groups[key][slot]
		g.Functions = append(g.Functions, build.GoFunction{Name: f.Name, Package: f.Package})
	}
	return all
}

func groupKey(f Function) string {
	key, _ := json.Marshal([]any{f.Package.ModuleDir, f.Target, f.Tags, f.Ldflags, f.Env, f.C})
	return string(key)
}

// taken reports whether an executable of the group has the name already,
// letter case aside.
func taken(g *build.Go, name string) bool {
	for _, f := range g.Functions {
		if strings.EqualFold(f.Package.ExecName(), name) {
			return true
		}
	}
	return false
}
