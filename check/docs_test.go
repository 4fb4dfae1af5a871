package check

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocumented holds docs/checks.md and the findings together.
func TestDocumented(t *testing.T) {
	t.Parallel()
	doc := readFile(t, filepath.Join("..", "docs", "checks.md"))
	var documented []string
	for _, section := range strings.Split(doc, "\n### ")[1:] {
		m := regexp.MustCompile("^`([a-z0-9-]+)` \\(([a-z]+)\\)\n\n").FindStringSubmatch(section)
		if m == nil {
			t.Fatalf("the heading of a finding is not `id` (severity): %.40q", section)
		}
		documented = append(documented, m[1])
		if s := severities[m[1]]; string(s) != m[2] {
			t.Errorf("%s is a %s, and documented as %s", m[1], s, m[2])
		}
		if !strings.Contains(section, "\nFix: ") {
			t.Errorf("%s: no fix is documented", m[1])
		}
	}
	slices.Sort(documented)
	if !slices.Equal(documented, IDs()) {
		t.Errorf("documented:\n%s\nfindings:\n%s", strings.Join(documented, "\n"), strings.Join(IDs(), "\n"))
	}
}
