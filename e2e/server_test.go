//go:build linux

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A postgresServer is a PostgreSQL server of the test's own, on loopback.
type postgresServer struct{ conninfo string }

// startPostgres creates a cluster that takes encrypted connections with a
// password only, and starts its server. The test's end ends it.
func startPostgres(t testing.TB) *postgresServer {
	t.Helper()
	bin, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(bin) == 0 {
		t.Fatal("PostgreSQL's server is missing")
	}
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil { // the server is not root
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	write(t, filepath.Join(dir, "password"), "secret")
	certificate(t, dir)
	if err := os.Chown(dir, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	run(t, asNobody(dir, filepath.Join(bin[0], "initdb"), "-D", data, "-U", "e2e", "--pwfile", filepath.Join(dir, "password"),
		"--auth=scram-sha-256", "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"))
	write(t, filepath.Join(data, "pg_hba.conf"), "hostssl all all 127.0.0.1/32 scram-sha-256\n")
	port := freePort(t)
	serve(t, asNobody(dir, filepath.Join(bin[0], "postgres"), "-D", data, "-h", "127.0.0.1", "-p", port, "-k", "",
		"-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(dir, "cert.pem"), "-c", "ssl_key_file="+filepath.Join(dir, "key.pem"),
		"-c", "fsync=off", "-c", "jit=off"), "127.0.0.1:"+port)
	return &postgresServer{"hostaddr=127.0.0.1 port=" + port + " user=e2e password=secret dbname=postgres sslmode=require"}
}

func asNobody(dir string, argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, []string{"LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

// serve starts a server and returns when it accepts connections.
func serve(t testing.TB, cmd *exec.Cmd, address string) {
	t.Helper()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT) // PostgreSQL's fast shutdown
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	})
	for range 300 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%v ended: %v\n%s", cmd.Args, cmd.ProcessState, output.String())
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Fatalf("%v accepts no connections", cmd.Args)
}

// certificate writes a key and a certificate that it has signed itself, for
// the user nobody.
func certificate(t testing.TB, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "cert.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// write writes a file that only the user nobody can read.
func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, nobody, nobody); err != nil {
		t.Fatal(err)
	}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}
