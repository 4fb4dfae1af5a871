package image_test

import (
	"os/exec"
	"strings"
	"testing"
)

// maxPackages bounds what importing image brings along, the standard library
// included: 346 at the time of writing. Most of it is crypto, net/http and the
// AWS SDK for credentials of ECR.
const maxPackages = 380

// What would come along where somebody imports a package too many.
var unwanted = []string{
	"k8s.io/", "github.com/docker/docker/", "github.com/moby/", "github.com/containerd/", "cloud.google.com/",
	"go.opentelemetry.io/", "github.com/spf13/", "google.golang.org/", "github.com/Azure/",
	"github.com/google/go-containerregistry/pkg/crane", "github.com/google/go-containerregistry/pkg/v1/daemon",
}

func TestImportWeight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	t.Log(len(packages), "packages")
	if len(packages) > maxPackages {
		t.Errorf("%d packages, more than %d", len(packages), maxPackages)
	}
	for _, p := range packages {
		for _, prefix := range unwanted {
			if strings.HasPrefix(p, prefix) {
				t.Errorf("%s comes along", p)
			}
		}
	}
}
